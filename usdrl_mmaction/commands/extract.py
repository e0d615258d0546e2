"""Extract skeletons from videos with MediaPipe, rtmlib or MMPose, and write them to an annotation file without labels.
docs/video.md shows examples."""

from usdrl_mmaction.datasets.annotations import make_annotation, write_annotations
from usdrl_mmaction.errors import UsdrlError
from usdrl_mmaction.recordings.clip import fit, keep_people
from usdrl_mmaction.recordings.video import PoseModels, read_videos
from usdrl_mmaction.skeletons import get_skeleton


def main(args):
    skeleton = get_skeleton(args.layout)
    models = PoseModels(**{name: getattr(args, name) for name in PoseModels._fields})
    clips, faults = read_videos(args.videos, models)
    annotations, skipped = [], [str(fault) for fault in faults]
    for path, clip in clips.items():
        try:
            clip = keep_people(fit(clip, skeleton, path), args.num_person)
        except UsdrlError as error:
            skipped.append(str(error))
            continue
        annotations.append(make_annotation(path.stem, -1, clip))
    rates = {clip.fps for clip in clips.values()}
    fps = {'fps': rates.pop()} if len(rates) == 1 and None not in rates else {}
    meta = {'layout': args.layout, 'classes': [], 'source': 'videos', **fps}
    write_annotations(args.out, annotations, {'all': [item['frame_dir'] for item in annotations]}, meta, skipped)
