"""Export a recognizer, localizer or encoder to ONNX, TorchScript or torch.export. The file is written after its
outputs on random clips were compared with the model's. docs/export.md shows how to use it without torch."""

from rich.console import Console

from usdrl_mmaction.apis import export, load_model
from usdrl_mmaction.apis.export import BATCHES
from usdrl_mmaction.errors import CheckpointError

from .common import read_config


def main(args):
    cfg = read_config(args.config, args.cfg_options)
    model = load_model(cfg, args.checkpoint)
    if 'cls_head' in cfg.model and not (model.with_cls_head or args.encoder):
        raise CheckpointError(f'{args.checkpoint} has no weights of a classifier: export the encoder with --encoder.')
    with Console(stderr=True).status(f'Exporting to {args.out}'):
        done = export(model, args.out, args.format, args.encoder, args.clip_shape, args.tolerance)
    for name, shape in {**done.inputs, **done.outputs}.items():
        print(f'{name:<10} (batch, {", ".join(map(str, shape))})')
    print(f'max error  {done.error:.2g}, in batches of {", ".join(map(str, BATCHES))}')
    print(f'wrote      {args.out}, {args.out.stat().st_size / 1e6:.1f} MB')
