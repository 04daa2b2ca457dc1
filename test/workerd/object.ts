// The object that the test file at work runs in: its storage, by its id.
import type { DurableStorage } from '../../src/store/durable-sqlite.ts'

export interface TestObject {
  readonly id: string
  readonly storage: DurableStorage
}

/** Kept beside the modules: the test files have modules of their own, the runner has others. */
const KEY = Symbol.for('the tests’ object')

export function enterObject(object: TestObject): void {
  Reflect.set(globalThis, KEY, object)
}

export function testObject(): TestObject {
  const object: TestObject | undefined = Reflect.get(globalThis, KEY)
  if (object === undefined) throw new Error('No test file runs in an object yet.')
  return object
}
