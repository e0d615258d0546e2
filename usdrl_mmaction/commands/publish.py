"""Strip a training checkpoint to its weights and their description, and print its entry for the zoo."""

import json
from contextlib import suppress
from pathlib import Path

import torch

from usdrl_mmaction.checkpoints.describe import meta_of, trained_with
from usdrl_mmaction.checkpoints.reading import read_checkpoint, weights_of
from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.errors import AnnotationError, CheckpointError
from usdrl_mmaction.files import replacing, sha256_of

HEAD = ('num_classes', 'in_channels', 'pooling')
PRETRAINING_ONLY = ('head.projectors.', 'data_preprocessor.')


def main(args):
    trained = read_checkpoint(args.src)
    published = strip(trained, args.src, torch.float16 if args.half else torch.float32)
    if args.classes:
        names = read_annotations(args.classes).get('meta', {}).get('classes')
        if not names:
            raise AnnotationError(f"{args.classes} does not name its classes: it has no 'meta' with 'classes'.")
        published['meta']['dataset_meta'] = {'classes': list(names)}
    if args.about:
        published['meta']['about'] = args.about
    with replacing(args.dst) as draft, draft.open('wb') as file:
        torch.save(published, file)  # given the path, torch would write the draft's name into the file
    print(f'wrote {args.dst}: {len(published["state_dict"])} tensors, {args.dst.stat().st_size / 1e6:.2f} MB')
    print('The entry for checkpoints/weights/index.json, where "url" is null for a file in the same folder:')
    known = {'size': args.dst.stat().st_size, 'sha256': sha256_of(args.dst)}
    entry = {'about': args.about or '', 'file': args.dst.name, 'url': None, **known, 'convert': False}
    print(json.dumps({args.dst.stem: entry}, indent=2))


def strip(trained: dict, source: Path, dtype: torch.dtype) -> dict:
    """The weights without optimizer, history and the projectors of pretraining, and the encoder's arguments."""
    weights = {
        name: value.to(dtype) if value.is_floating_point() else value
        for name, value in weights_of(trained, source).items()
        if not name.startswith(PRETRAINING_ONLY)
    }
    model = trained_with(trained, 'model', source)
    meta = {'encoder': model['backbone'], 'trained': training_of(trained, source)}
    if 'cls_head.fc.weight' in weights and 'cls_head' in model:
        meta['cls_head'] = {key: value for key, value in model['cls_head'].items() if key in HEAD}
    return {'meta': meta, 'state_dict': weights}


def training_of(trained: dict, source: Path) -> dict:
    """The seed, the length and the data of a training, as far as they are known."""
    meta = meta_of(trained)
    found = {key: meta[key] for key in ('seed', 'epoch', 'iter') if isinstance(meta.get(key), int)}
    with suppress(CheckpointError, KeyError, TypeError):
        path = Path(trained_with(trained, 'train_dataloader', source)['dataset']['ann_file'])
        found['data'] = {'file': path.name}
        if path.is_file():
            sources = read_annotations(str(path)).get('meta', {}).get('sources')
            found['data'] |= {'sha256': sha256_of(path)} | ({'sources': sources} if sources else {})
    return found
