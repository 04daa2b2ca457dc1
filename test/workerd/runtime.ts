// What workerd gives to the tests that run in both runtimes: the database of the test file's object, and deflate.
import { constants, deflateRawSync } from 'node:zlib'
import { type DurableStorage, openDurableSqlite } from '../../src/store/durable-sqlite.ts'
import type { Deflate } from '../../src/store/records.ts'
import type { TestFile, TestStore } from '../support/runtime.ts'
import { testObject } from './object.ts'
import { EMPTY, empty, putAside, type Shelved, takeBack } from './shelf.ts'

const LEVELS = { fast: 1, small: 6 }

export const testDeflate: Deflate = async (bytes, level) =>
  new Uint8Array(deflateRawSync(bytes, { level: LEVELS[level], finishFlush: constants.Z_FULL_FLUSH }))

/** A database of the tests: in the object, or put aside while another is there. */
interface Database {
  aside: Shelved
  /** Nobody opens it again. */
  isGone: boolean
}

/** The database of a test file's object. */
interface Place {
  readonly object: string
  readonly storage: DurableStorage
  /** Which one is in the object. */
  present: Database | undefined
  /** Nothing may be put aside in the middle of its transaction. */
  isInTransaction: boolean
}

let latest: Place | undefined

/** Files share this module, and each has an object of its own. */
function placeHere(): Place {
  const { id, storage } = testObject()
  if (latest?.object === id) return latest
  empty(storage)
  latest = { object: id, storage, present: undefined, isInTransaction: false }
  return latest
}

export function openTestStore(): TestStore {
  const file = createTestFile()
  const store = file.open()
  return {
    ...store,
    close() {
      store.close()
      file.remove()
    },
  }
}

export function createTestFile(): TestFile {
  const database: Database = { aside: EMPTY, isGone: false }
  return {
    open: () => openStore(database),
    remove() {
      database.isGone = true
      database.aside = EMPTY
    },
  }
}

function openStore(database: Database): TestStore {
  const place = placeHere()
  const { storage } = place
  const sql = openDurableSqlite(storage)
  let isOpen = true
  const enter = () => {
    if (!isOpen) throw new Error('This store is closed.')
    const { present } = place
    if (present === database) return
    if (place.isInTransaction)
      throw new Error('Another store is in the middle of a transaction, and an object has one database.')
    if (present?.isGone) empty(storage)
    else if (present !== undefined) present.aside = putAside(storage)
    takeBack(storage, database.aside)
    place.present = database
  }
  return {
    all(statement, ...parameters) {
      enter()
      return sql.all(statement, ...parameters)
    },
    run(statement, ...parameters) {
      enter()
      return sql.run(statement, ...parameters)
    },
    transaction(work) {
      enter()
      if (place.isInTransaction) return sql.transaction(work)
      place.isInTransaction = true
      try {
        return sql.transaction(work)
      } finally {
        place.isInTransaction = false
      }
    },
    bytes() {
      enter()
      return sql.bytes()
    },
    close() {
      isOpen = false
    },
  }
}

export const seedsHere = (_all: number, few: number): number => few

export const casesHere = <T>(cases: readonly T[], oneIn: number): readonly T[] =>
  cases.filter((_, place) => place % oneIn === 0)
