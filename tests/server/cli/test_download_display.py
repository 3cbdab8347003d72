"""What a download says where there is no terminal: a line, however many ticks it has."""

from foveate_server.cli.download_display import Downloads


def test_a_line_per_model_and_none_per_tick(capsys):
    with Downloads() as downloads:
        for name in ("restorer", "tune"):
            told = downloads.named(name)
            for done in range(0, 5_000_001, 50_000):
                told(done, 5_000_000)
            told.file(2, 3)
    assert capsys.readouterr().err.splitlines() == ["Fetching restorer (5.0 MB)", "Fetching tune (5.0 MB)"]
