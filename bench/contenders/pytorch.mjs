import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/**
 * PyTorch of the given Python: the one-tower paper network on its CPU, in f32 or under bf16
 * autocast, whole training steps with dropout and SGD.
 */
export async function prepare({ python, batch, threads, autocast = false }) {
  const child = spawn(
    python,
    [
      fileURLToPath(new URL('./pytorch.py', import.meta.url)),
      String(batch),
      String(threads),
      autocast ? 'bf16' : 'f32',
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  process.on('exit', () => child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const details = (await lines.next()).value;
  return {
    run: async () => {
      child.stdin.write('step\n');
      await lines.next();
    },
    details,
  };
}
