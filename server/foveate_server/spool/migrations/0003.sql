ALTER TABLE jobs ADD COLUMN picture_profiles TEXT NOT NULL DEFAULT '{}'; -- JSON: ICC profiles of pictures, base64 by name
