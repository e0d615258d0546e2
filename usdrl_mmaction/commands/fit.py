"""Fit a classifier of clips, or a detector for videos with segments, to an annotation file, on the frozen foundation
encoder: in seconds, or about a minute for a detector. It is tested on the held-out split and saved as a folder that
usdrl infer takes as its --model."""

import numpy as np

from usdrl_mmaction.apis import ActionClassifier, ActionDetector
from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.datasets.annotations import clips_of_split
from usdrl_mmaction.datasets.segments import BACKGROUND, action_names, frame_labels
from usdrl_mmaction.engine.runner.settings import facts_of, resolve_layout
from usdrl_mmaction.errors import AnnotationError, UsageError
from usdrl_mmaction.evaluation import evaluate_segmentation
from usdrl_mmaction.evaluation.functional.activitynet import activitynet_report


def main(args):
    if args.model.exists():
        raise UsageError(f'{args.model} exists: choose another folder with --model.')
    content = read_annotations(str(args.ann_file))
    layout = resolve_layout(args.layout, facts_of(content, str(args.ann_file)), str(args.ann_file))
    names = list((content.get('meta') or {}).get('classes') or ())
    train = clips_of_split(content, args.split, str(args.ann_file))
    test = clips_of_split(content, args.held_out, str(args.ann_file)) if args.held_out in content['split'] else []
    with_segments = ['segments' in item for item in train + test]
    if any(with_segments) != all(with_segments):
        raise AnnotationError(f'{args.ann_file} has videos with segments and clips without: write a file for each.')
    if all(with_segments):
        if args.finetune or args.class_weight:
            raise UsageError(
                '--finetune and --class-weight are for clips with one label, not for videos with segments.'
            )
        fps = (content.get('meta') or {}).get('fps')
        model, measured = fit_detector(ActionDetector(args.encoder, layout, fps), names, train, test)
    else:
        options = dict(finetune=args.finetune, class_weight=args.class_weight)
        model, measured = fit_classifier(args.encoder, layout, names, train, test, **options)
    model.save(args.model)
    print(f'{args.model}: fitted to {len(train)}' + (f', tested on {len(test)}: {measured}' if test else ''))


def fit_classifier(encoder: str, layout, names: list[str], train: list[dict], test: list[dict], **options):
    def label(item: dict) -> str | int:
        return names[item['label']] if 0 <= item['label'] < len(names) else item['label']

    subjects = [item.get('subject') for item in train]
    groups = subjects if None not in subjects and len(set(subjects)) > 1 else None
    model = ActionClassifier(encoder, layout, unknown=True, **options)
    model.fit([item['keypoint'] for item in train], [*map(label, train)], groups)
    if not test:
        return model, ''
    found = model.classes_[model.predict_proba([item['keypoint'] for item in test]).argmax(1)]
    return model, f'accuracy {np.mean(found == np.array([*map(label, test)])):.1%}'


def fit_detector(model: ActionDetector, names: list[str], train: list[dict], test: list[dict]):
    names = [BACKGROUND, *action_names(names)]

    def segments(item: dict) -> list[tuple]:
        return [(names[label] if label < len(names) else label, start, end) for label, start, end in item['segments']]

    model.fit([item['keypoint'] for item in train], [*map(segments, train)])
    if not test:
        return model, ''
    number = {name: 1 + index for index, name in enumerate(model.classes_.tolist())}
    truth = {
        item['frame_dir']: [(number[name], start, end) for name, start, end in segments(item) if name in number]
        for item in test
    }
    scores = model.frame_scores([item['keypoint'] for item in test])
    found = {name: model.rows(each) for name, each in zip(truth, scores, strict=True)}
    labels = [frame_labels(rows, len(each)) for rows, each in zip(truth.values(), scores, strict=True)]
    report = activitynet_report(truth, found, len(number))
    quality = evaluate_segmentation(labels, [model.frame_labels(each) for each in scores])
    return model, (
        f'mAP@0.3 {report["mAP@0.3"]:.1%}, mAP@0.5 {report["mAP@0.5"]:.1%}, F1@50 {quality["f1@50"]:.1f}%, frames '
        f'{quality["acc"]:.1f}%'
    )
