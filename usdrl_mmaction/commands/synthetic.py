"""Generate the synthetic data sets in MMAction2's pose format: clips of one action each, the same clips in pixels (2D),
clips of other people, and untrimmed videos."""

from functools import partial

from rich.progress import track

from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.datasets.annotations import counted, save_annotations
from usdrl_mmaction.datasets.synthetic import make_trimmed, make_trimmed_2d, make_untrimmed
from usdrl_mmaction.errors import AnnotationError


def main(args):
    jobs = {
        'synthetic.pkl': (make_trimmed, args.clips, args.seed, 'clips'),
        'synthetic_2d.pkl': (make_trimmed_2d, args.clips, args.seed, 'clips'),
        'synthetic_other.pkl': (make_trimmed, args.clips // 4, args.seed + 1, 'clips'),
        'synthetic_untrimmed.pkl': (make_untrimmed, args.videos, args.seed, 'videos'),
    }
    for name, (make, num, seed, noun) in jobs.items():
        path = args.out_dir / name
        if not args.overwrite and already_made(path, num, seed):
            print(f'{path} exists and was made with the same arguments: skipped. Use --overwrite to replace it.')
            continue
        data = make(num, seed, progress=partial(track, description=f'Generating {noun}'))
        save_annotations(data, path)
        items, meta = data['annotations'], data['meta']
        frames, subjects = sum(item['total_frames'] for item in items), len({item['subject'] for item in items})
        size = f'{frames} frames ({frames / meta["fps"] / 60:.1f} minutes)'
        classes = counted(len(meta['classes']), 'class', 'classes')
        number = counted(len(items), noun.removesuffix('s'), noun)
        print(f'{path}: {number}, {size}, {classes}, {counted(subjects, "subject", "subjects")}')
        print('  ' + ', '.join(f'{name} {len(members)}' for name, members in data['split'].items()))


def already_made(path, num, seed):
    """Whether the file contains what these arguments give."""
    if not path.exists():
        return False
    try:
        meta = read_annotations(str(path)).get('meta', {})
    except AnnotationError as error:
        print(f'{error} Generating it again.')
        return False
    made = meta.get('num'), meta.get('seed')
    if made != (num, seed):
        print(f'{path} was made with other arguments (number {made[0]}, seed {made[1]}): generating it again.')
    return made == (num, seed)
