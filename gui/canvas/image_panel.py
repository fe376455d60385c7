"""A picture with the controls for looking at it: heat map, its opacity, region boxes, zoom."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QVBoxLayout, QWidget

from gui.canvas.heat_legend import HeatLegend
from gui.canvas.image_view import ImageView
from gui.canvas.pictures import DEFAULT_OPACITY, Composition, PictureContent
from gui.theme import SPACE
from gui.widgets.controls import button, icon_button, plain_label
from gui.widgets.keys import on_key
from gui.widgets.rows_layout import RowsLayout


class ImagePanel(QWidget):
    """:class:`ImageView` and its tool bar. ``view`` is public for what the panel does not pass on."""

    region_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None, *, tools_apart: bool = False) -> None:
        super().__init__(parent)
        self._tools_apart = tools_apart
        self.view = ImageView(self)
        self.tools = QWidget(self)
        """The controls. With ``tools_apart`` whoever made the panel lays them out, and ``legend``."""
        self.legend = HeatLegend(self)
        self._heat = button(self.tr("Heat map"), "heat", checkable=True, tip=self.tr("Show the heat map (H)"))
        self._heat.setChecked(True)
        self._boxes = button(self.tr("Regions"), "regions", checkable=True, tip=self.tr("Show the region boxes (B)"))
        self._boxes.setChecked(True)
        self._opacity_label = plain_label(self.tr("Blend"), wrap=False)
        self._opacity = QSlider(Qt.Orientation.Horizontal, self)
        self._opacity.setRange(0, 100)
        self._opacity.setPageStep(10)
        self._opacity.setValue(round(DEFAULT_OPACITY * 100))
        self._opacity.setMinimumWidth(44)
        self._opacity.setMaximumWidth(220)
        self._opacity.setAccessibleName(self.tr("Opacity of the heat map in percent"))
        self._opacity_label.setBuddy(self._opacity)
        self._zoom_out = icon_button(self.tr("Zoom out"), "zoom_out")
        self._fit = icon_button(self.tr("Fit the whole picture"), "fit")
        self._zoom_in = icon_button(self.tr("Zoom in"), "zoom_in")
        self._zoom = (self._zoom_out, self._fit, self._zoom_in)
        self._lay_out()
        self._connect()
        self._update_controls(None)

    def _lay_out(self) -> None:
        if self._tools_apart:
            self._stack_tools()
        else:
            row = RowsLayout(self.tools, SPACE // 2)
            for control in (self._heat, self._boxes, self._opacity_label, self._opacity, *self._zoom):
                row.add(control, 1 if control is self._opacity else 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.view, 1)
        if not self._tools_apart:
            layout.addWidget(self.legend)
            layout.addWidget(self.tools)

    def _stack_tools(self) -> None:
        tools = QVBoxLayout(self.tools)
        tools.setContentsMargins(0, 0, 0, 0)
        tools.setSpacing(SPACE // 2)
        for row in ((self._heat,), (self._boxes,), (self._opacity_label, self._opacity), self._zoom):
            line = QHBoxLayout()
            line.setSpacing(SPACE // 2)
            for control in row:
                line.addWidget(control, 1 if control is self._opacity else 0)
            if len(row) > 1:
                line.addStretch(1)
            tools.addLayout(line)

    def _connect(self) -> None:
        self._heat.toggled.connect(self._on_heat_toggled)
        self._boxes.toggled.connect(self.view.set_regions_shown)
        self._opacity.valueChanged.connect(self._on_opacity_moved)
        self._zoom_out.clicked.connect(lambda: self.view.zoom_by(0.8))
        self._zoom_in.clicked.connect(lambda: self.view.zoom_by(1.25))
        self._fit.clicked.connect(self.view.fit)
        self.view.region_chosen.connect(self.region_chosen)
        for key, control in (("H", self._heat), ("B", self._boxes)):
            on_key(key, self, control.toggle)

    def show_content(self, content: PictureContent) -> None:
        """Show ``content`` once it is composed."""
        self._update_controls(content)
        self.view.show_content(content)

    def show_composed(self, composition: Composition) -> None:
        """Show what was composed ahead at once."""
        self._update_controls(composition.content)
        self.view.show_composed(composition)

    def set_original(self, original: bool) -> None:
        """Show the bare picture for as long as a key is held, then what is switched on again."""
        self.view.set_heat_shown(self._heat.isChecked() and not original)
        self.view.set_regions_shown(self._boxes.isChecked() and not original)

    def clear(self, text: str = "") -> None:
        """Show no picture, and ``text`` in its place."""
        self._update_controls(None)
        self.view.clear(text)

    def choose_region(self, index: int, *, zoom_to: bool = False) -> None:
        """Mark a region, -1 for none."""
        self.view.choose_region(index, zoom_to=zoom_to)

    def toggle_heat_map(self) -> None:
        """Switch the heat map on or off."""
        self._heat.toggle()

    def _update_controls(self, content: PictureContent | None) -> None:
        has_map = content is not None and content.has_heat_map
        self._heat.setEnabled(has_map)
        self._opacity.setEnabled(has_map and self._heat.isChecked())
        self.legend.setVisible(has_map and self._heat.isChecked())
        self._boxes.setEnabled(content is not None and bool(content.regions))
        for control in (self._zoom_out, self._fit, self._zoom_in):
            control.setEnabled(content is not None)

    def _on_heat_toggled(self, shown: bool) -> None:
        self.view.set_heat_shown(shown)
        self._opacity.setEnabled(shown and self._heat.isEnabled())
        self.legend.setVisible(shown and self._heat.isEnabled())

    def _on_opacity_moved(self, percent: int) -> None:
        self.view.set_opacity(percent / 100)
