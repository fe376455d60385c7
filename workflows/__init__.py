"""The main job: joins the engine and the record, for the command line and the window alike."""
