import type { Section } from '../lesson.ts';

export function after(): Section {
  return {
    id: 'after',
    title: 'What came after',
    blocks: [
      {
        kind: 'text',
        text:
          'Zeiler and Fergus (2013, arXiv 1311.2901) looked inside, saw dead and aliased kernels ' +
          'in the first layer, and mended them with 7×7 kernels and stride 2. Krizhevsky himself ' +
          '(2014, arXiv 1404.5997) spread a one-tower form over eight GPUs: convolutions by ' +
          'splitting the batch, dense layers by splitting the weights. Simonyan and Zisserman ' +
          '(2014, arXiv 1409.1556) went to 16 to 19 layers of 3×3 kernels and found that LRN ' +
          'brought nothing there. GoogLeNet (2014, arXiv 1409.4842) was better with 12 times ' +
          'fewer parameters. Residual networks (2015, arXiv 1512.03385) reached 152 layers; an ' +
          'average of several had 3.57 % top-5 error. Deep Compression (2015, arXiv 1510.00149) ' +
          'shrank AlexNet itself from 240 MB to 6.9 MB without loss of accuracy, and You et al. ' +
          '(2017, arXiv 1709.05011) trained a form of it with batch normalisation in 11 minutes ' +
          'on 1,024 CPUs.',
      },
    ],
  };
}
