// The worker that the tests in workerd run in: the real one, and an object with a database for each test file.
export { ControlObject, default, ProfileObject } from '../../src/worker.ts'

/** Never asked anything: the plugin runs tests in its place (`runInDurableObject`). */
export class TestObject {
  fetch(): Response {
    return new Response(null, { status: 404 })
  }
}
