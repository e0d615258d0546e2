_base_ = [
    '../default_runtime.py',
    '../models/frame_localizer.py',
    '../datasets/untrimmed_3d.py',
    '../schedules/ridge.py',
]
