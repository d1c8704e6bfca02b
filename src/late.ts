type AsyncName<Module> = {
  [Name in keyof Module]: Module[Name] extends (...given: never[]) => Promise<unknown>
    ? Name
    : never;
}[keyof Module];

/**
 * A function of another module that is imported when it is first called: behind the package's door
 * stands much that most programs never use, and each file of it would make all of them start later.
 */
export function late<Module, Name extends AsyncName<Module>>(
  load: () => Promise<Module>,
  name: Name,
): Module[Name] {
  const call = async (...given: never[]): Promise<unknown> => {
    const loaded = (await load())[name] as (...given: never[]) => Promise<unknown>;
    return loaded(...given);
  };
  return call as Module[Name];
}
