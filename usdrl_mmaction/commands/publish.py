"""Write a model for others: its weights and what they are, without what only training needs. It is a folder of
safetensors, config.json and a model card, which the Hugging Face hub takes, or a .pth file for the zoo."""

import json
from contextlib import suppress
from pathlib import Path

import torch
from mmengine.config import Config
from torch import Tensor

from usdrl_mmaction.apis.model import find_model, plain_names
from usdrl_mmaction.checkpoints.build import build
from usdrl_mmaction.checkpoints.describe import LOADERS, describe, description_of, meta_of, trained_on, trained_with
from usdrl_mmaction.checkpoints.folder import CONFIG, WEIGHTS, write_tensors
from usdrl_mmaction.checkpoints.reading import read_checkpoint, weights_of
from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.errors import AnnotationError, CheckpointError, UsageError
from usdrl_mmaction.files import replacing, sha256_of


def main(args):
    source = Path(find_model(args.src))
    if source.is_dir():
        raise UsageError(f'{source} is published already: copy the folder.')
    trained = read_checkpoint(source)
    described, weights = describe_trained(trained, source)
    described |= {'about': args.about} if args.about else {}
    described |= {'classes': class_names(args.classes)} if args.classes else {}
    weights = {name: value.to(torch.float16) for name, value in weights.items()} if args.half else weights
    (write_file if args.dst.suffix == '.pth' else write_model)(args.dst, weights, described, trained.get('unknown'))


def describe_trained(trained: dict, source: Path) -> tuple[dict, dict[str, Tensor]]:
    """What a checkpoint is, and the weights that belong to it."""
    weights = plain_names(weights_of(trained, source))
    if {'description', 'encoder'} & set(meta_of(trained)):
        described = description_of(trained, weights, source)
    else:  # of an earlier version
        cfg = {'model': trained_with(trained, 'model', source)}
        for name in LOADERS:
            with suppress(CheckpointError):
                cfg[name] = trained_with(trained, name, source)
        cfg = Config(cfg)
        described = describe(cfg, meta_of(trained).get('dataset_meta') or {})
        described['trained'] = trained_on(cfg, meta_of(trained))
    known = described.get('trained', {})
    described['trained'] = known | {'data': known.get('data', {}) | data_of(trained, source)}
    names = build(described, weights, source).state_dict()
    return described, {name: weights[name] for name in names}


def data_of(trained: dict, source: Path) -> dict:
    """The name of the training data, and if they are here their checksum and sources."""
    with suppress(CheckpointError, KeyError, TypeError):
        path = Path(trained_with(trained, 'train_dataloader', source)['dataset']['ann_file'])
        if path.is_file():
            sources = read_annotations(str(path)).get('meta', {}).get('sources')
            known = {'file': path.name, 'sha256': sha256_of(path)}
            return known | ({'sources': sources} if sources else {})
    return {}


def class_names(ann_file: str) -> list[str]:
    names = read_annotations(ann_file).get('meta', {}).get('classes')
    if not names:
        raise AnnotationError(f"{ann_file} does not name its classes: it has no 'meta' with 'classes'.")
    return list(names)


def write_model(folder: Path, weights: dict[str, Tensor], described: dict, unknown: dict | None):
    """A folder, as ``usdrl_mmaction.load`` and the hub take it."""
    if folder.exists() and not (folder / CONFIG).is_file():
        raise UsageError(f'{folder} exists and is no model: choose another folder.')
    kept = {f'unknown.{name}': value for name, value in (unknown or {}).items()}
    write_tensors(folder, weights | kept, described)
    size = (folder / WEIGHTS).stat().st_size / 1e6
    print(f'wrote {folder}: {len(weights)} tensors, {size:.2f} MB. Describe the model in its README.md; then')
    print(f'  hf upload OWNER/NAME {folder}')


def write_file(path: Path, weights: dict[str, Tensor], described: dict, unknown: dict | None):
    """A file for the zoo, and its entry there."""
    published = {'meta': {'description': described}, 'state_dict': weights} | ({'unknown': unknown} if unknown else {})
    with replacing(path) as draft, draft.open('wb') as file:
        torch.save(published, file)  # given the path, torch would write the draft's name into the file
    print(f'wrote {path}: {len(weights)} tensors, {path.stat().st_size / 1e6:.2f} MB')
    print('The entry for checkpoints/weights/index.json, where "url" is null for a file in the same folder:')
    known = {'size': path.stat().st_size, 'sha256': sha256_of(path)}
    entry = {'about': described.get('about', ''), 'file': path.name, 'url': None, **known, 'convert': False}
    print(json.dumps({path.stem: entry}, indent=2))
