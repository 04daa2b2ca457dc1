// Finished pieces of the large lists: runs of records that were deflated once, to be stitched into pages.

export const PIECES_SCHEMA: readonly string[] = [
  // `seqs` are the versions in it, four bytes each, little endian: a page may use it exactly when its run is the same.
  `create table pieces (
     form text not null, first_seq integer not null, rows integer not null, seqs blob not null,
     length integer not null, crc integer not null, deflated blob not null, used integer not null,
     primary key (form, first_seq, rows)) without rowid`,
]
