"""Convert a checkpoint of the USDRL authors, DSTE or STTR, pretraining or downstream, to this package's names."""

import torch

from usdrl_mmaction.checkpoints.authors import convert
from usdrl_mmaction.checkpoints.reading import read_weights
from usdrl_mmaction.files import replacing


def main(args):
    converted = convert(read_weights(args.src))
    print('found  ', ', '.join(f'{name}={value!r}' for name, value in converted.encoder.items()))
    parts = sorted({name.split('.')[0] for name in converted.state_dict})
    counts = [f'{sum(name.startswith(part + ".") for name in converted.state_dict)} of {part}' for part in parts]
    print('mapped ', len(converted.mapped), 'entries:', ', '.join(counts))
    print('dropped', len(converted.dropped), 'entries that are computed or duplicates')
    print('left   ', len(converted.left), 'unknown entries' + ''.join(f'\n        {name}' for name in converted.left))
    print('The file does not contain the number of heads, the gap, alpha and the modality: set them in the config.')

    with replacing(args.dst) as draft, draft.open('wb') as file:
        torch.save(converted.checkpoint(), file)
    print(f'wrote   {args.dst}')
