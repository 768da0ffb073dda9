"""TDS 7.x as bytes in, events out (MS-TDS); no sockets, no clock."""
