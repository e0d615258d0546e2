"""Data preprocessors."""

from .multi_view import CropResize, JointCorruption, MultiViewPreprocessor, Shear, Turn

__all__ = ['CropResize', 'JointCorruption', 'MultiViewPreprocessor', 'Shear', 'Turn']
