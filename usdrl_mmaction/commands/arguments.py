"""The options of every command. Only the standard library is imported here, so that ``--help`` and wrong options are
answered at once; the command's module is imported after them."""

import argparse
import ast
import os
from pathlib import Path


def parse(name: str, argv: list[str]) -> argparse.Namespace:
    """The arguments of a command. ``--help`` and wrong options end the process."""
    module = name.replace('-', '_')
    source = Path(__file__).with_name(f'{module}.py').read_text(encoding='utf-8')
    described = ast.get_docstring(ast.parse(source))
    parser = argparse.ArgumentParser(f'usdrl {name}', description=described, formatter_class=WithDefaults)
    globals()[module](parser)
    args = parser.parse_args(argv)
    args.argv = argv
    return args


class WithDefaults(argparse.HelpFormatter):
    """Says the default of an option, if it is a value."""

    def _get_help_string(self, action):
        unsaid = action.default in (None, False, True, [], {}, argparse.SUPPRESS) or not action.option_strings
        return action.help if unsaid or not action.help else f'{action.help} (default: %(default)s)'


class Settings(argparse.Action):
    """KEY=VALUE, read by MMEngine."""

    def __call__(self, parser, namespace, values, option_string=None):
        if wrong := [value for value in values if '=' not in value]:
            parser.error(f'{option_string} takes KEY=VALUE, not {wrong[0]!r}')
        from mmengine.config import DictAction

        DictAction(self.option_strings, self.dest)(parser, namespace, values, option_string)


def add_run(parser):
    """The flags that training and testing have in common, as MMAction2 spells them."""
    parser.add_argument('--work-dir', help='folder of logs and checkpoints; by default work_dirs/<name of the config>')
    add_cfg_options(parser)
    force = 'take over a work dir whose run has crashed with its machine'
    parser.add_argument('--force', action='store_true', help=force)
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none', help='job launcher')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def add_cfg_options(parser):
    shown = dict(metavar='KEY=VALUE', help='settings that override the config, e.g. train_cfg.max_epochs=10')
    parser.add_argument('--cfg-options', nargs='+', action=Settings, default={}, **shown)


def add_device(parser):
    parser.add_argument('--device', help='e.g. cpu or cuda:1; by default an accelerator if there is one')


def add_pose(parser):
    parser.add_argument(
        '--pose', metavar='MODEL', help='pose estimator of videos: mediapipe, rtmlib, mmpose, or a .task or .onnx file'
    )
    parser.add_argument('--detector', metavar='MODEL', help='detector of people, for the .onnx file of one person')


def positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f'{text} is not above 0')
    return value


def train(parser):
    parser.add_argument('config', help='config file, e.g. configs/usdrl/pretrain_ntu60.py')
    resume = 'continue from a checkpoint; without a path, from the latest one in the work dir'
    parser.add_argument('--resume', nargs='?', const='auto', help=resume)
    parser.add_argument('--amp', action='store_true', help='mixed precision')
    parser.add_argument('--verbose', action='store_true', help="MMEngine's whole log, not one line an epoch")
    parser.add_argument('--no-validate', action='store_true', help='do not evaluate while training')
    scale = 'multiply the learning rate by the batch size divided by base_batch_size of the config'
    parser.add_argument('--auto-scale-lr', action='store_true', help=scale)
    parser.add_argument('--seed', type=int, help='seed of all random numbers')
    parser.add_argument('--diff-rank-seed', action='store_true', help='a different seed in each process')
    parser.add_argument('--deterministic', action='store_true', help='deterministic algorithms on the GPU')
    add_run(parser)


def test(parser):
    parser.add_argument('config', help='config file, e.g. configs/usdrl/benchmarks/linear_ntu60.py')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--dump', metavar='FILE.pkl', help='write the predictions to this file')
    parser.add_argument('--show-dir', help='write visualized predictions to this folder')
    parser.add_argument('--show', action='store_true', help='show predictions in a window')
    parser.add_argument('--interval', type=int, default=1, help='visualize every n-th sample')
    parser.add_argument('--wait-time', type=float, default=2, help='seconds that a window is shown')
    add_run(parser)


def infer(parser):
    inputs = 'a recording, a video, a folder of them, or an annotation file'
    parser.add_argument('inputs', nargs='+', metavar='INPUT', help=inputs)
    model = (
        'a work dir or checkpoint of usdrl train, a saved or published model, hf://OWNER/NAME, a model of the zoo, or'
    )
    parser.add_argument('--model', help=f"{model} a config; by default the package's own")
    parser.add_argument('--checkpoint', help='file, URL or usdrl://NAME of the weights for a config')
    parser.add_argument('--out', type=Path, metavar='DIR', help='folder to write results.json to')
    parser.add_argument('--gallery', metavar='ANN_FILE', help='annotation file to search for the nearest clips')
    parser.add_argument('--gallery-split', help='a split of it; by default all of it')
    parser.add_argument('--top-k', type=int, default=5, help='actions and neighbors to list')
    parser.add_argument('--features', action='store_true', help='write the features too')
    threshold = 'least probability of the frames of a segment; by default the best sequence of labels is taken'
    parser.add_argument('--threshold', type=float, help=threshold)
    parser.add_argument('--batch-size', type=int, default=64, help='clips or windows that are encoded together')
    parser.add_argument('--layout', help='layout of recordings that do not name their joints; by default recognised')
    parser.add_argument('--no-unknown', dest='unknown', action='store_false', help='always name an action')
    parser.add_argument('--draw', type=Path, metavar='OUT', help='video, or folder for several, to draw the answers in')
    add_pose(parser)
    add_device(parser)
    add_cfg_options(parser)


def explain(parser):
    parser.add_argument('inputs', nargs='+', metavar='INPUT', help='recording, folder of them, or annotation file')
    model = 'a work dir or checkpoint of usdrl train, a saved or published model, hf://OWNER/NAME, or one of the zoo'
    parser.add_argument('--model', required=True, help=model)
    parser.add_argument('--label', help='the class to explain, by name or number; by default the most probable one')
    method = 'by default both; the film strip shows the first'
    parser.add_argument('--method', choices=('occlusion', 'gradients'), help=method)
    parser.add_argument('--out', type=Path, default=Path('work_dirs/explain'), metavar='DIR', help='for film strips')
    parser.add_argument('--layout', help='layout of recordings that do not name their joints; by default recognised')
    add_device(parser)


def fit(parser):
    parser.add_argument('ann_file', type=Path, help='annotation file, as usdrl convert writes it')
    parser.add_argument('--model', type=Path, default=Path('model'), help='folder to save to')
    parser.add_argument('--encoder', default='body', help='a name of the zoo or a checkpoint')
    parser.add_argument('--layout', help='layout of the joints, if the file does not say it')
    parser.add_argument('--finetune', action='store_true', help='train the encoder on, if that helps held-out clips')
    weight = 'let rare classes weigh as much as frequent ones'
    parser.add_argument('--class-weight', choices=['balanced'], help=weight)
    parser.add_argument('--split', default='train', help='split to fit to')
    parser.add_argument('--held-out', default='val', help='split to test on, if the file has it')


def enrol(parser):
    parser.add_argument('clips', nargs='+', help='recordings, one clip each, in any body layout, or folders')
    parser.add_argument('--name', help='the name of the action; by default the folder of each recording')
    parser.add_argument('--model', type=Path, default=Path('actions'), help='folder of the classifier')
    parser.add_argument('--encoder', default='body', help='of a new classifier: a name of the zoo or a checkpoint')
    parser.add_argument('--layout', help='layout of recordings that do not name their joints; by default recognised')
    add_pose(parser)


def stream(parser):
    parser.add_argument('input', metavar='INPUT', help='a recording; or - for JSON lines, each a list of people')
    model = 'a work dir, checkpoint or published folder of a localizer, a folder of usdrl fit or enrol, or a config'
    parser.add_argument('--model', required=True, help=model)
    parser.add_argument('--checkpoint', help='file, URL or usdrl://NAME of the weights of a config')
    layout = "layout of the joints, if they have no names and it is not the model's"
    parser.add_argument('--layout', help=layout)
    parser.add_argument('--video', metavar='NAME', help='clip of an annotation file to play')
    parser.add_argument('--fps', type=positive, default=30.0, help='frames per second of the input')
    parser.add_argument('--speed', type=positive, default=1.0, help='2 is twice as fast, inf as fast as possible')
    parser.add_argument('--threshold', type=float, default=0.5, help='least probability of a segment')
    parser.add_argument('--img-shape', type=int, nargs=2, metavar='N', help='height and width, for models of pixels')
    add_device(parser)
    add_cfg_options(parser)


def convert(parser):
    folder = 'folder of the recordings, by default FOLDER/LABEL/RECORDING, or a table of many'
    parser.add_argument('folder', type=Path, help=folder)
    parser.add_argument('out', type=Path, help='file to write, e.g. data/my.pkl')
    layout = 'the joints: a name such as coco or nturgb+d, or a JSON file; recognised by default'
    parser.add_argument('--layout', help=layout)
    labels = parser.add_mutually_exclusive_group()
    labels.add_argument('--labels', type=Path, help='CSV table of name,label[,subject][,split]')
    segments = 'table of video,label,start,end (frames) or start_s,end_s; or of ELAN, ActivityNet or Label Studio'
    labels.add_argument('--segments', type=Path, help=segments)
    labels.add_argument('--no-labels', action='store_true', help='without labels: for pretraining only')
    parser.add_argument('--classes', type=Path, help='names of the classes, one a line, instead of those found')
    parser.add_argument('--num-person', type=int, default=2, help='people to keep of each recording, the most active')
    parser.add_argument('--img-shape', type=int, nargs=2, metavar=('HEIGHT', 'WIDTH'), help='of the video, in pixels')
    fps = 'frames per second, in place of those that the files say, or else 30'
    parser.add_argument('--fps', type=float, help=fps)
    parser.add_argument('--val-share', type=float, default=0.2, help='share to validate on if the table has no split')
    parser.add_argument('--seed', type=int, default=0, help='of the split')
    parser.add_argument('--workers', type=int, default=os.cpu_count(), help='number of processes')
    add_pose(parser)


def convert_pkummd(parser):
    parser.add_argument('part', type=int, choices=(1, 2), help='1 for PKU-MMD I, 2 for PKU-MMD II')
    parser.add_argument('skeletons', type=Path, help='folder of the skeletons, one .txt file for each video')
    parser.add_argument('labels', type=Path, help='folder of the labels, one .txt file of the same name for each video')
    parser.add_argument('splits', type=Path, help='folder of cross-subject.txt and cross-view.txt, or their _v2')
    parser.add_argument('--out-dir', type=Path, default=Path('data/skeleton'), help='folder to write to')
    parser.add_argument('--workers', type=int, default=os.cpu_count(), help='number of processes')


def convert_uav_human(parser):
    for version in (1, 2):
        parser.add_argument(f'--v{version}', type=Path, help=f'folder of version {version}: contains train and test')
    parser.add_argument('--out', type=Path, default=Path('data/skeleton/uav_human.pkl'), help='file to write')
    parser.add_argument('--workers', type=int, default=os.cpu_count(), help='number of processes')


def convert_checkpoint(parser):
    parser.add_argument('src', type=Path, help="the authors' file, e.g. ntu60_xs_joint_dste.pth.tar")
    parser.add_argument('dst', help='the file to write, for load_from in a config')


def extract(parser):
    parser.add_argument('videos', nargs='+', type=Path, metavar='VIDEO', help='any file that OpenCV reads')
    parser.add_argument('--out', type=Path, default='skeletons.pkl', help='file to write')
    pose = "mediapipe, rtmlib, mmpose, a .task or .onnx file, or MMPose's config"
    parser.add_argument('--pose', metavar='MODEL', help=pose)
    parser.add_argument('--pose-checkpoint', metavar='FILE', help="by default MMPose's, downloaded")
    detector = "detector of people: an .onnx file, or MMDetection's config"
    parser.add_argument('--detector', metavar='MODEL', help=detector)
    parser.add_argument('--detector-checkpoint', metavar='FILE', help="by default MMDetection's, downloaded")
    parser.add_argument('--layout', default='coco', help='the joints to write')
    parser.add_argument('--num-person', type=int, default=2, help='people to keep of each video, the most active ones')
    parser.add_argument('--score-thr', type=float, default=0.5, help='the least score of a detected person')
    add_device(parser)


def download(parser):
    published = ('ntu60_3d', 'ntu120_3d', 'ntu60_2d', 'ntu120_2d')
    parser.add_argument('names', nargs='+', choices=published, metavar='NAME', help=', '.join(published))
    parser.add_argument('--out-dir', type=Path, default=Path('data/skeleton'), help='folder to write to')
    parser.add_argument('--mirror', metavar='URL_OR_FOLDER', help='another place of the files')


def synthetic(parser):
    parser.add_argument('--out-dir', type=Path, default=Path('data/synthetic'), help='folder to write to')
    parser.add_argument('--clips', type=int, default=720, help='number of clips; of other people, a quarter')
    parser.add_argument('--videos', type=int, default=48, help='number of untrimmed videos')
    parser.add_argument('--seed', type=int, default=0, help='the same seed gives the same data')
    parser.add_argument('--overwrite', action='store_true', help='replace existing files')


def corpus(parser):
    parser.add_argument('takes', nargs='*', type=Path, help='annotation files of recordings, as usdrl convert writes')
    parser.add_argument('--out', type=Path, default=Path('data/motion/corpus.pkl'), help='file to write')
    parser.add_argument('--movements', type=int, default=8000, help='number of clips of generated movement')
    parser.add_argument('--actions', type=int, default=3000, help='number of clips of the synthetic actions')
    parser.add_argument('--seed', type=int, default=0, help='the same seed gives the same clips')


def inspect(parser):
    parser.add_argument('file', type=Path, help='annotation file (a pickle), or store')
    parser.add_argument('--layout', help='name or JSON file of the layout (default: that of the annotation file)')
    parser.add_argument('--checkpoint', help='a checkpoint to check the number of joints against')
    parser.add_argument('--draw', type=int, default=0, metavar='N', help='number of clips to draw as film strips')
    parser.add_argument('--out-dir', type=Path, help='folder for the film strips (default: work_dirs/inspect/FILE)')


def pack(parser):
    parser.add_argument('file', type=Path, help='annotation file, a pickle')
    parser.add_argument('--out', type=Path, help='folder to write (default: FILE with the suffix .store)')
    parser.add_argument('--overwrite', action='store_true', help='replace an existing store')


def report(parser):
    parser.add_argument('work_dir', type=Path, help='the folder of a run, or of several')
    parser.add_argument('--out', type=Path, metavar='FILE.html', help='by default report.html in the work dir')


def ensemble(parser):
    parser.add_argument('files', nargs='+', metavar='FILE.pkl', help='what `usdrl test … --dump FILE.pkl` wrote')
    parser.add_argument('--weights', nargs='+', type=float, help='one for each file; by default all equal')


def postprocess(parser):
    parser.add_argument('tracks', type=Path, metavar='TRACKS.npz', help="what DetectionMetric's outfile_prefix wrote")
    parser.add_argument('--ground-truth', type=Path, metavar='FILE.json', help='default: that of the same prefix')
    parser.add_argument('--mode', choices=('pku', 'activitynet', 'both'), default='pku', help='protocol')
    parser.add_argument('--thetas', nargs='+', type=float, default=[0.1, 0.3, 0.5, 0.7], help='thresholds of overlap')
    parser.add_argument('--tune', action='store_true', help='try rules and options, and print the best')
    parser.add_argument('--thresholds', nargs='+', type=float, default=[0.02], help='least probabilities of segments')
    parser.add_argument('--smooth', type=int, default=1, help='frames that probabilities are averaged over')
    parser.add_argument('--min-length', type=int, default=1, help='least number of frames of a proposal')
    parser.add_argument('--nms', type=float, help='drop proposals that overlap a better one more than this')
    parser.add_argument('--soft-nms', type=float, metavar='SIGMA', help='lower their scores instead')
    cost = 'take the best sequence of labels, instead of thresholds'
    parser.add_argument('--change-cost', type=float, metavar='COST', help=cost)
    parser.add_argument('--out', type=Path, metavar='FILE.json', help="write the proposals, as ActivityNet's results")


def reproduce(parser):
    parser.add_argument('benchmarks', nargs='+', metavar='BENCHMARK', help='e.g. linear_ntu60, or all_synthetic')
    parser.add_argument('--dry-run', action='store_true', help='print the steps')
    parser.add_argument('--load-from', metavar='CHECKPOINT', help='checkpoint or usdrl://NAME instead of pretraining')
    parser.add_argument('--seed', type=int, default=0, help='of all trainings')
    parser.add_argument('--processes', type=int, default=1, help='number of training processes')
    out = Path('work_dirs/reproduce')
    parser.add_argument('--out', type=Path, default=out, help='folder of results and runs; trained runs are kept')
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='for all steps but the data')


def baselines(parser):
    parser.add_argument('config', help='config with training and test clips, e.g. linear_custom')
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1, 2], help='seeds of MiniRocket and MultiRocket')
    parser.add_argument('--out', type=Path, metavar='FILE.json', help='file to write the accuracies to')
    add_cfg_options(parser)


def ablate(parser):
    parser.add_argument('--ann-file', help='annotation file with splits train and val; if not given, synthetic data')
    parser.add_argument('--layout', help='skeleton layout of the annotation file, if it does not say it')
    parser.add_argument('--variants', nargs='+', metavar='NAME', help='by default all; a wrong name lists them')
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1, 2], help='of each variant')
    parser.add_argument('--epochs', type=int, default=20, help='epochs of every pretraining')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/ablation'), help='folder of results and runs')


def memory(parser):
    parser.add_argument('config', help='config, e.g. pretrain_ntu60')
    parser.add_argument('--batch-size', type=int, nargs='+', required=True, help='clips in each process')
    parser.add_argument('--processes', type=int, nargs='+', default=[1], help='number of them, for each batch size')
    parser.add_argument('--precision', choices=['float32', 'bfloat16'], help="by default the config's")
    add_cfg_options(parser)


def export(parser):
    model = 'a work dir, a checkpoint, a saved or published model, a name of the zoo, a config'
    parser.add_argument('model', help=model)
    parser.add_argument('checkpoint', nargs='?', help='file, URL or usdrl://NAME of the weights for a config')
    parser.add_argument('out', type=Path, help='the file to write, e.g. dste.onnx')
    parser.add_argument('--format', choices=('onnx', 'torchscript', 'exported'), default='onnx', help='of the file')
    parser.add_argument('--encoder', action='store_true', help='leave out the head')
    shape = "persons, frames, joints, coordinates; for MMAction2's own models"
    parser.add_argument('--clip-shape', type=int, nargs=4, metavar='N', help=shape)
    parser.add_argument('--tolerance', type=float, default=1e-4, help='the largest difference that is accepted')
    layout = "layout of the recordings that the example takes; by default the model's"
    parser.add_argument('--layout', help=layout)
    add_cfg_options(parser)


def publish(parser):
    parser.add_argument('src', type=Path, help='a work dir or checkpoint of usdrl train')
    parser.add_argument('dst', type=Path, help='the folder to write, or a file that ends in .pth')
    parser.add_argument('--half', action='store_true', help='store float16, which loads into float32 models too')
    parser.add_argument('--about', help='what the model is and where it comes from, to store with it')
    parser.add_argument('--classes', metavar='ANN_FILE', help='store the class names of this annotation file')


def demo(parser):
    parser.add_argument('--seeds', type=int, nargs='+', default=[0], help='seeds of the encoder, its views and batches')
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/demo'), help='folder of all runs')


def doctor(parser):
    """It has no options."""
