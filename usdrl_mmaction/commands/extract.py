"""Extract skeletons from videos with MMDetection and MMPose, and write them to an annotation file. This needs the
[full] extra. docs/infer.md shows an example."""

from mmengine.device import get_device

from usdrl_mmaction.datasets.annotations import make_annotation, write_annotations
from usdrl_mmaction.errors import UsdrlError
from usdrl_mmaction.recordings.clip import fit, keep_people
from usdrl_mmaction.recordings.video import DETECTOR, POSE, check_packages, load_model, read_video
from usdrl_mmaction.skeletons import get_skeleton


def main(args):
    check_packages()
    from mmdet.apis import init_detector
    from mmpose.apis import init_model

    skeleton, device = get_skeleton(args.layout), args.device or get_device()
    config, checkpoint = args.detector or DETECTOR, args.detector_checkpoint
    detector = load_model(init_detector, config, checkpoint, device, '--detector-checkpoint')
    pose = load_model(init_model, args.pose or POSE, args.pose_checkpoint, device, '--pose-checkpoint')
    annotations, rates, skipped = [], set(), []
    for path in args.videos:
        try:
            clip, fps = read_video(path, detector, pose, args.score_thr)
            clip = keep_people(fit(clip, skeleton, path), args.num_person)
        except UsdrlError as error:
            skipped.append(str(error))
            continue
        annotations.append(make_annotation(path.stem, -1, clip))
        rates.add(fps)
    fps = {'fps': rates.pop()} if len(rates) == 1 else {}
    meta = {'layout': args.layout, 'classes': [], 'source': 'videos', **fps}
    write_annotations(args.out, annotations, {'all': [item['frame_dir'] for item in annotations]}, meta, skipped)
