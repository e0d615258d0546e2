"""Windows over untrimmed videos with a label for each frame, for detection and segmentation."""

import logging

import numpy as np
import torch
from mmaction.registry import DATASETS
from mmengine.logging import print_log

from usdrl_mmaction.errors import AnnotationError, ConfigError

from .annotations import clips_of_split, described_by, read_annotations
from .segments import action_names, checked_segments, frame_labels
from .skeleton_dataset import SkeletonDataset
from .store import FIELDS
from .windows import cut, starts_of_windows

IGNORED = -1  # the label of frames after the end of the video


@DATASETS.register_module()
class UntrimmedPoseDataset(SkeletonDataset):
    """Windows of the videos of an annotation file (or store) whose annotations have ``segments`` (S, 3): rows of label
    (from 1; 0 is the background), start and end, in frames, ends exclusive.

    Training: an epoch has one window for every segment, at random around a random frame of it, and windows around
    random frames of the background. Testing: windows are ``stride`` frames apart, and the last ends with the video.
    A video shorter than a window is continued with its last frame, labelled -1: the encoder has seen people who stand
    still, but none who vanish.

    The pipeline treats a window as a clip and normalises it on its own: its scores depend only on its frames, as live
    scores must, and it resembles the clips of pretraining, however people have turned since the start of the video. A
    window also has ``frame_labels`` (window,), ``video``, its ``start`` in the video, and the ``num_frames`` and
    ``segments`` of the video. The ``classes`` and ``fps`` of the file are in the metainfo.

    Args:
        window (int): Frames of a window.
        stride (int | None): Frames from one test window to the next; by default half a window.
        background (float): Share of the training windows that are around background.
    """

    def __init__(self, *args, window=64, stride=None, background=0.25, **kwargs):
        stride = max(window // 2, 1) if stride is None else stride
        if not 1 <= stride <= window:
            raise ConfigError(f'stride={stride} must be from 1 to window={window}, or test windows miss frames.')
        if not 0 <= background < 1:
            raise ConfigError(f'background={background} must be a share of the windows, from 0 to below 1.')
        self.window = window
        self.stride = stride
        self.background = background
        # Serialised data would mean reading a whole video for each of its windows.
        super().__init__(*args, serialize_data=False, **kwargs)

    def load_data_list(self) -> list[dict]:
        content = read_annotations(self.ann_file)
        self._metainfo = described_by(content) | self._metainfo
        if 'classes' in self._metainfo:
            self._metainfo['classes'] = action_names(self._metainfo['classes'])
        return [self.checked(video) for video in clips_of_split(content, self.split, self.ann_file)]

    def checked(self, video: dict) -> dict:
        shape = getattr(video.get('keypoint'), 'shape', (0, 0))
        if not shape[1]:
            raise AnnotationError(f"{self.ann_file}: video '{video['frame_dir']}' has no 'keypoint', or no frames.")
        classes = self._metainfo.get('classes')
        segments = checked_segments(video, shape[1], self.ann_file, classes and len(classes))
        shortened = int((segments != np.reshape(video['segments'], (-1, 3))).any(1).sum())
        if shortened:
            message = (
                f"of the {len(segments)} segments of video '{video['frame_dir']}' exceeded the video and were cut."
            )
            print_log(f'{self.ann_file}: {shortened} {message}', 'current', logging.WARNING)
        return {**video, 'segments': segments, 'total_frames': shape[1]}

    def full_init(self):
        if self._fully_initialized:
            return
        super().full_init()
        lengths = np.array([video['total_frames'] for video in self.data_list])
        self.labels = [frame_labels(video['segments'], video['total_frames']) for video in self.data_list]
        if self.test_mode:
            starts = [starts_of_windows(length, self.window, self.stride) for length in lengths]
            self.windows = np.array([(video, start) for video, group in enumerate(starts) for start in group])  # (W, 2)
            return
        spans = [
            (number, *row[1:]) for number, video in enumerate(self.data_list) for row in video['segments'].tolist()
        ]
        self.segments = np.array(spans).reshape(-1, 3)  # (S, 3) of video, start, end
        if not len(self.segments):
            raise AnnotationError(f"{self.ann_file}: the videos of split '{self.split}' have no segments to train on.")
        # Frames of background up to the end of each video.
        self.background_frames = np.cumsum([np.count_nonzero(labels == 0) for labels in self.labels])
        share = self.background if self.background_frames[-1] else 0
        self.num_background = round(len(self.segments) * share / (1 - share))

    def __len__(self) -> int:
        if not self._fully_initialized:
            self.full_init()
        return len(self.windows) if self.test_mode else len(self.segments) + self.num_background

    def get_data_info(self, idx: int) -> dict:
        video, start = self.windows[idx] if self.test_mode else self.draw(idx)
        info, labels = self.data_list[video], np.full(self.window, IGNORED)
        shown = self.labels[video][start : start + self.window]
        labels[: len(shown)] = shown
        frames = {field: cut(info[field], start, self.window) for field in FIELDS if field in info}
        return {
            **info,
            **frames,
            'total_frames': self.window,
            'frame_labels': torch.from_numpy(labels),
            'video': info['frame_dir'],
            'start': int(start),
            'num_frames': info['total_frames'],
            'sample_idx': idx,
        }

    def draw(self, idx: int) -> tuple[int, int]:
        """The video of a training window, and its start there."""
        if idx < len(self.segments):
            video, first, end = self.segments[idx]
            frame = np.random.randint(first, end)
        else:
            number = np.random.randint(self.background_frames[-1])
            video = int(np.searchsorted(self.background_frames, number, 'right'))
            rest = self.background_frames[video] - number  # counted from the end of the video
            frame = np.flatnonzero(self.labels[video] == 0)[-rest]
        latest = max(self.data_list[video]['total_frames'] - self.window, 0)
        return video, int(np.clip(frame - np.random.randint(self.window), 0, latest))
