"""Export a recognizer, localizer or encoder to ONNX, TorchScript or torch.export. The file is written after its
outputs on random clips were compared with the model's. docs/export.md shows how to use it without torch."""

from argparse import Namespace

from rich.console import Console
from torch import nn

from usdrl_mmaction.apis import SkeletonInferencer, export, load_model
from usdrl_mmaction.apis.export import BATCHES
from usdrl_mmaction.apis.export_example import write_example
from usdrl_mmaction.errors import CheckpointError, ExportError, UsageError

from .common import read_config


def main(args):
    model = opened(args)
    with Console(stderr=True).status(f'Exporting to {args.out}'):
        done = export(model, args.out, args.format, args.encoder, args.clip_shape, args.tolerance)
    for name, shape in {**done.inputs, **done.outputs}.items():
        print(f'{name:<10} (batch, {", ".join(map(str, shape))})')
    print(f'max error  {done.error:.2g}, in batches of {", ".join(map(str, BATCHES))}')
    print(f'wrote      {args.out}, {args.out.stat().st_size / 1e6:.1f} MB')
    if args.format == 'onnx':
        example = args.out.with_suffix('.py')
        try:
            write_example(model, example, args.layout)
        except ExportError as error:
            print(f'no example {error}')
        else:
            print(f'wrote      {example}: the preparation of clips in numpy, and how to run the file')


def opened(args: Namespace) -> nn.Module:
    """The model that the arguments name."""
    if args.checkpoint is None and not args.model.endswith('.py') and not args.cfg_options:
        saved = SkeletonInferencer(args.model, device='cpu')
        if saved.detector and not args.encoder:
            raise ExportError(f'{args.model} looks at windows of two lengths: export its encoder with --encoder.')
        return saved.model if args.encoder or not saved.classifier else saved.classifier.network()
    if args.checkpoint is None:
        raise UsageError(f'{args.model} is a config: give the checkpoint of its weights after it.')
    cfg = read_config(args.model, args.cfg_options)
    model = load_model(cfg, args.checkpoint)
    if 'cls_head' in cfg.model and not (model.with_cls_head or args.encoder):
        raise CheckpointError(f'{args.checkpoint} has no weights of a classifier: export the encoder with --encoder.')
    return model
