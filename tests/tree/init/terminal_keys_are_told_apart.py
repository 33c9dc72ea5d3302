"""docker run -it: Ctrl-C reaches the server as a key, not as a signal."""


def test_ctrl_c_is_marked(terminal, fake_image):
    t = terminal(fake_image, "serve")
    t.read_until("ready")
    t.type(b"\x03")
    t.read_until("got SIGINT terminal")
    t.kill("INT")
    t.read_until("got SIGINT sent")
    t.type(b"\x1a")  # Ctrl-Z would stop it for good
    t.type(b"\x1c")
    text = t.read_until("got SIGQUIT terminal")
    assert "TSTP" not in text
    assert t.wait() == 7


def test_a_command_has_the_terminal(terminal, fake_image):
    t = terminal(fake_image, "once", "mask", "boot", "boot", "boot")
    t.read_until("group: own 1, foreground 1, leads a session 0")
    t.read_until("booting")
    t.type(b"\x03")
    assert t.wait() == 130
