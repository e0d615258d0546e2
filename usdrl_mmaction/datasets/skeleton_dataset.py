"""MMAction2's pose data set, with an annotation file that is checked as it is opened."""

import os
import pickle

from mmaction.datasets import PoseDataset
from mmaction.registry import DATASETS

COMMANDS = {
    'synthetic.pkl': 'python tools/data/make_synthetic.py',
    'synthetic_untrimmed.pkl': 'python tools/data/make_synthetic.py',
    **{
        f'{name}.pkl': f'python tools/data/download.py {name}'
        for name in ('ntu60_3d', 'ntu120_3d', 'ntu60_2d', 'ntu120_2d')
    },
}


class AnnotationError(ValueError):
    """An annotation file that cannot be used; the message says what was found and what to do."""


@DATASETS.register_module()
class SkeletonDataset(PoseDataset):
    """``PoseDataset`` for files of ``split`` and ``annotations``: a file that is missing or broken, or a split that it
    does not have, is reported by name, with what to do next."""

    def load_data_list(self) -> list[dict]:
        content = read_annotations(self.ann_file)
        if self.split not in content['split']:
            raise AnnotationError(
                f"{self.ann_file} has no split '{self.split}'. It has: {', '.join(sorted(content['split']))}. "
                "Set the data set's 'split' to one of these."
            )
        names = set(content['split'][self.split])
        return [clip for clip in content['annotations'] if clip['frame_dir'] in names]


def read_annotations(path: str) -> dict:
    """The content of an annotation file."""
    if not os.path.isfile(path):
        command = COMMANDS.get(os.path.basename(path))
        todo = f'Get it with `{command}`' if command else "Set the data set's 'ann_file'"
        raise AnnotationError(f'There is no annotation file {path} (seen from {os.getcwd()}). {todo}.')
    try:
        with open(path, 'rb') as file:
            content = pickle.load(file)
    except (pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError, UnicodeDecodeError) as error:
        raise AnnotationError(
            f'{path} is not a whole pickle file ({type(error).__name__}: {error}). It may be cut short or damaged: '
            'make or download it again.'
        ) from error
    if not (isinstance(content, dict) and {'split', 'annotations'} <= set(content)):
        found = sorted(content) if isinstance(content, dict) else type(content).__name__
        raise AnnotationError(f"{path} is a pickle, but not of a dict with 'split' and 'annotations': found {found}.")
    return content
