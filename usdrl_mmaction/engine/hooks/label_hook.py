"""Names the clip whose label the classifier has no class for. On a GPU the label would abort the process."""

from mmaction.registry import HOOKS
from mmaction.structures import ActionDataSample
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper

from usdrl_mmaction.errors import ConfigError


@HOOKS.register_module()
class LabelHook(Hook):
    """Compares the labels of every batch with the number of classes of the model's ``cls_head``, if it has one."""

    def before_train(self, runner):
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        self.num_classes = getattr(getattr(model, 'cls_head', None), 'num_classes', None)

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if self.num_classes is not None:
            check_labels(data_batch['data_samples'], self.num_classes)


def check_labels(samples: list[ActionDataSample], num_classes: int):
    for sample in samples:
        label = sample.gt_label.tolist()
        if not 0 <= min(label) <= max(label) < num_classes:
            raise ConfigError(
                f"Clip '{sample.get('frame_dir', '?')}' has the label {label[0]}, and the model has {num_classes} "
                f'classes, 0 to {num_classes - 1}. Set model.cls_head.num_classes, or correct the labels; usdrl '
                'inspect shows them.'
            )
