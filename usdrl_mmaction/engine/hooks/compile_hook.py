"""``torch.compile`` for the encoder, as one line of a config."""

import torch
from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper

from usdrl_mmaction.models.backbones.stream_encoder import StreamEncoder


@HOOKS.register_module()
class CompileHook(Hook):
    """Compiles the encoder before training, or says in one line why it stays as it is.

    Args:
        **options: What ``torch.compile`` takes: ``mode``, ``backend``, ``dynamic``, …
    """

    def __init__(self, **options):
        self.options = options

    def before_train(self, runner):
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        encoder = model.backbone
        if not isinstance(encoder, StreamEncoder):
            runner.logger.warning(f'{type(encoder).__name__} is not compiled: CompileHook is for DSTE and STTR.')
            return
        runner.logger.info('Compiling the encoder, which may take minutes.')
        clip = torch.zeros(2, *encoder.clip_shape, device=next(encoder.parameters()).device)
        try:
            compiled = torch.compile(encoder.forward, **self.options)
            with torch.random.fork_rng(), runner.optim_wrapper.optim_context(model):
                sum(stream.sum() for stream in compiled(clip)).backward()
            encoder.forward = compiled
        except Exception as error:  # a compiler that is not there or does not know something, by many names
            line = (str(error).strip().splitlines() or [''])[0]
            runner.logger.warning(f'The encoder is not compiled ({type(error).__name__}: {line}), and trains as it is.')
        model.zero_grad()
