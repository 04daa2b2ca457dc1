// What is closed, killed or removed when a test, or the last one of its file, has ended.

type Cleanup = () => Promise<void> | void

const ofTest: Cleanup[] = []
const ofFile: Cleanup[] = []

/** Runs after the test that runs now, or else after the next one; the newest first. */
export function onTestEnd(cleanup: Cleanup): void {
  ofTest.push(cleanup)
}

/** Runs after the file's last test, the newest first. */
export function onFileEnd(cleanup: Cleanup): void {
  ofFile.push(cleanup)
}

/** For test/support/setup.ts alone. */
export const endTest = () => runAll(ofTest)

/** For test/support/setup.ts alone. */
export const endFile = () => runAll(ofFile)

async function runAll(cleanups: Cleanup[]): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
}
