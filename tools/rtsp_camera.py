"""An RTSP camera with a password, by Debian's GStreamer. Run by the system's Python, which has its bindings.

``/usr/bin/python3 tools/rtsp_camera.py PORT USER PASSWORD``
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402 only after their versions are chosen

_PICTURES = (
    "( videotestsrc is-live=true ! video/x-raw,format=I420,width=320,height=240,framerate=25/1 "
    "! jpegenc ! rtpjpegpay name=pay0 pt=26 )"
)


def main(port: str, user: str, password: str) -> None:
    """Serve ``/live`` on loopback until killed."""
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    lock = GstRtspServer.RTSPAuth()
    lock.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(lock)
    camera = GstRtspServer.RTSPMediaFactory()
    camera.set_launch(_PICTURES)
    camera.set_shared(True)
    allowed = GstRtspServer.RTSPPermissions()
    for what in ("access", "construct"):
        allowed.add_permission_for_role("viewer", f"media.factory.{what}", True)
    camera.set_permissions(allowed)
    server.get_mount_points().add_factory("/live", camera)
    server.attach(None)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(*sys.argv[1:])
