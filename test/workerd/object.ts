// The storage of the object that the test file at work runs in.
import type { DurableStorage } from '../../src/store/durable-sqlite.ts'

/** Kept beside the modules: each test file has modules of its own, the runner has others. */
const KEY = Symbol.for('the tests’ object')

export function enterObject(storage: DurableStorage): void {
  Reflect.set(globalThis, KEY, storage)
}

export function objectStorage(): DurableStorage {
  const storage: DurableStorage | undefined = Reflect.get(globalThis, KEY)
  if (storage === undefined) throw new Error('No test file runs in an object yet.')
  return storage
}
