// Runs before each test file: has everything ended that the file's tests begin. The modules that files share cannot register hooks
// themselves: they are evaluated once for many files, and a hook holds for the file alone in which it was registered.
import { afterAll, afterEach } from 'vitest'
import { endFile, endTest } from './ending.ts'

afterEach(endTest)
afterAll(endFile)
