// What of the shared tests runs on Node alone, and why. Everything else in SHARED runs in workerd too.

/** The folders whose tests run in both runtimes. */
export const SHARED = ['auth', 'histories', 'http', 'store', 'sync'] as const

/** Files → why workerd cannot run them, or why running them there would show nothing. */
export const NODE_ONLY_FILES: Readonly<Record<string, string>> = {
  'test/store/node-sqlite.test.ts': 'Of the driver over node:sqlite: files, checkpoints, locks between processes.',
  'test/sync/mirror-histories.test.ts':
    'Lays a store beside a second one after each of many changes; an object has one database, and the other would be put aside.',
  'test/histories/real.test.ts':
    'Starts real processes and kills them; workerd has none. Objects are torn down in eviction.test.ts.',
  'test/histories/planted.test.ts':
    'Shows that the checker of histories finds mistakes; the checker is the same code in both.',
}

/** Tests, by file and name → why. */
export const NODE_ONLY_TESTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'test/sync/mirror.test.ts': {
    'is next to nothing when nothing has changed': 'Measures the write-ahead log of a file on a disk.',
  },
  'test/sync/sync-lock.test.ts': {
    'fails a transaction as a fault of the store':
      'A second process locks the file; nobody else reaches the database of an object.',
  },
}
