"""Help: the page is opened by GIMP's own browser procedure; where that fails, its path is told."""

from unittest.mock import MagicMock

import pytest
from foveate_gimp import help_page

from foveate_shared.i18n.translations import Texts


@pytest.fixture
def gimp(monkeypatch):
    gimp = MagicMock()
    monkeypatch.setattr(help_page, "Gimp", gimp)
    return gimp


def test_help_opens_the_page_and_leaves_the_dialog_open(gimp):
    browser = gimp.get_pdb().lookup_procedure()
    browser.run().index.return_value = gimp.PDBStatusType.SUCCESS
    dialog = MagicMock()
    help_page.add_button(dialog, Texts("en"))
    dialog.get_widget_for_response().hide.assert_called_once_with()  # GIMP's own
    assert dialog.add_button.call_args.args == ("_Help", help_page._PRESSED)
    (_, answered), _ = dialog.connect.call_args
    answered(dialog, -5)
    dialog.stop_emission_by_name.assert_not_called()
    answered(dialog, help_page._PRESSED)
    dialog.stop_emission_by_name.assert_called_once_with("response")
    (_, address), _ = browser.create_config().set_property.call_args
    assert address.startswith("file://")
    assert address.endswith("/help/en/index.html")
    gimp.message.assert_not_called()


@pytest.mark.parametrize("browser", [None, MagicMock()])
def test_without_a_browser_the_path_is_told(gimp, browser):
    gimp.get_pdb().lookup_procedure.return_value = browser
    help_page.open_page(Texts("en"))
    (told,), _ = gimp.message.call_args
    assert str(help_page._PAGE) in told
    assert help_page._PAGE.is_file()
