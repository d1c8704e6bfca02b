import type { About } from '../methods.ts';

/** What stands under the pages that are not about one class. */
export const abouts = {
  kernels: {
    title: 'Kernels',
    does:
      'Shows the weights themselves. Those of the first layer work on colours, so they can be ' +
      'seen as small images: what a kernel looks like is what it answers to. Mid-grey is ' +
      'zero, and all share one scale. Kind, angle and frequency are measured on what stands out ' +
      'of a kernel’s grain: light and dark apart from colours, directions in the Fourier ' +
      'spectrum. Of 167 kernels that were told by eye, on which its limits were set, it tells 95 ' +
      'of 100 alike; of 39 at which a person hesitated, told by eye afterwards, 79 of 100.',
    source:
      'Krizhevsky, Sutskever and Hinton 2012, Figure 3; dead and aliased kernels: Zeiler and ' +
      'Fergus 2013, §4.1',
    cannot:
      'A kernel of noise may still be of use: the layers above it can average noise away. And ' +
      'where one kind ends and the next begins is a matter of agreement.',
  },
  deepKernels: {
    title: 'Kernels of a deeper layer',
    does:
      'Shows the weights with which a kernel combines the maps of the layer below: red adds, ' +
      'blue takes away, and where a tile is strongest is where the map below must answer.',
    source:
      'Krizhevsky, Sutskever and Hinton 2012, §3.5: which maps a layer’s kernels are connected ' +
      'to; Zeiler and Fergus 2013 for why one looks at what excites a unit instead',
    cannot:
      'These kernels work on maps, not on colours: the weights say what is combined, not what it ' +
      'means. For that, ask inspect unit for an image or for photographs that excite the kernel.',
  },
  towers: {
    title: 'Towers',
    does:
      'Measures how much of each kernel tells colours apart rather than light from dark, once ' +
      'its grain is taken away, and compares the means of the towers. A permutation test deals ' +
      'the same kernels to the towers at random, many times: where few dealings are as far apart ' +
      'as the towers are, they differ.',
    source:
      'Krizhevsky, Sutskever and Hinton 2012, Figure 3 and §6.1: one GPU’s kernels were “largely ' +
      'color-agnostic”, the other’s “largely color-specific”, in every run',
    cannot:
      'A small p says that these two towers differ, not why, and one model is one run: the paper ' +
      'saw it in each of several. A large p says that this many kernels do not show a difference.',
  },
  maps: {
    title: 'Feature maps',
    does:
      'Shows what each kernel of a layer answered, at every place of this photograph: bright ' +
      'where it found its pattern.',
    source: 'Krizhevsky, Sutskever and Hinton 2012, §3; Yosinski et al. 2015, arXiv 1506.06579',
    cannot:
      'A bright map says that a pattern is there, not which pattern, and not whether the ' +
      'answer depends on it.',
  },
  maximise: {
    title: 'The image that excites a unit',
    does:
      'Starts from faint noise and changes the image, step by step, so that the unit grows; ' +
      'seen each time a little shifted, rotated and scaled, with colours that vary together as ' +
      'in photographs.',
    source:
      'Erhan et al. 2009; Yosinski et al. 2015, arXiv 1506.06579; Olah, Mordvintsev and ' +
      'Schubert 2017, “Feature Visualization”',
    cannot:
      'It shows one thing that excites the unit, exaggerated and never seen in training; a ' +
      'unit may answer to several unlike things.',
  },
  patches: {
    title: 'The photographs that excite a unit',
    does:
      'Looks through a folder for the places where the unit answers most, one per photograph, ' +
      'and cuts out exactly the pixels that it can see there (its receptive field); beside ' +
      'each, which of these pixels made it answer (deconvnet).',
    source: 'Zeiler and Fergus 2013, Figure 2, arXiv 1311.2901',
    cannot:
      'It can only find what is in the folder; the strongest nine hide what the unit answers ' +
      'to more weakly.',
  },
  augment: {
    title: 'Augmentation',
    does:
      'Draws crop, mirror image, colours and erased rectangle as training does for this ' +
      'photograph in these epochs, by the same functions, and shows what reaches the network, ' +
      'with what was subtracted added again. Each row has all that the rows above have, with the ' +
      'same draws.',
    source:
      'Krizhevsky, Sutskever and Hinton 2012, §4.1; resampled crops: Szegedy et al. 2014, arXiv ' +
      '1409.4842; erasing: Zhong et al. 2017, arXiv 1708.04896',
    cannot:
      'A few epochs are a few of many views. That a view looks strange to a person says little: ' +
      'whether it helps is told by training with and without it.',
  },
  neighbours: {
    title: 'Nearest neighbours',
    does:
      'Finds the photographs whose numbers at a layer are nearest to this one’s: what the ' +
      'network takes for alike.',
    source:
      'Krizhevsky, Sutskever and Hinton 2012, Figure 4 (Euclidean distance at the last hidden ' +
      'layer)',
    cannot:
      'It does not say what two photographs have in common; and there is always a nearest ' +
      'one, however unlike.',
  },
  pca: {
    title: 'Principal components',
    does:
      'Looks at the photographs’ features from the side on which they differ most: two ' +
      'straight axes, with their share of all variance.',
    source: 'Pearson 1901; computed as in Halko, Martinsson and Tropp 2011',
    cannot:
      'Two axes of thousands: photographs that lie on each other may be far apart in the others.',
  },
  umap: {
    title: 'UMAP',
    does: 'Lays the photographs out so that those with like features lie together.',
    source:
      'McInnes, Healy and Melville 2018, arXiv 1802.03426; computed with umap-js from the ' +
      'first principal components',
    cannot:
      'Distances between groups, their sizes and their shapes mean little; another seed gives ' +
      'another map.',
  },
  mistakes: {
    title: 'Mistakes',
    does:
      'Shows the photographs whose own class got the least probability, with Grad-CAM for the ' +
      'wrong answer: where the network looked when it erred.',
    source: 'Grad-CAM: Selvaraju et al. 2016, arXiv 1610.02391',
    cannot:
      'Some “mistakes” are wrong labels or photographs with several things in them; the map ' +
      'does not tell which.',
  },
  compare: {
    title: 'Two models',
    does:
      'Puts two models’ answers on one photograph side by side: probabilities, the maps that ' +
      'differ most (each layer brought to its own largest number), and how large their ' +
      'weights are.',
    source: 'No single source; the maps as in Yosinski et al. 2015',
    cannot:
      'Channel 7 of one model and channel 7 of another share nothing but a number, unless one ' +
      'was trained from the other: then a difference means that it learned something.',
  },
  randomize: {
    title: 'With random weights',
    does:
      'Shuffles the weights from one layer upwards and asks again. The rank correlation says ' +
      'how much of the image stayed: an image that stays does not show what the model ' +
      'learned.',
    source: 'Adebayo et al. 2018, “Sanity Checks for Saliency Maps”, arXiv 1810.03292',
    cannot: 'An image that changes may still be wrong: the check can fail a method, not prove it.',
  },
} as const satisfies Readonly<Record<string, About>>;
