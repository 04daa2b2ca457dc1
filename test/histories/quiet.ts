// Tells when nothing goes on by itself any more, so that what happens next is the scheduler's choice and nothing else's.
import { setImmediate as nextTurn } from 'node:timers/promises'

/** The functions of WebCrypto that work in other threads and answer when they like. */
const IN_THREADS = ['sign', 'verify', 'digest', 'deriveBits', 'deriveKey', 'importKey', 'encrypt', 'decrypt'] as const

let underWay = 0
let isCounting = false

/** From here on every call of WebCrypto in this process is counted while it is under way. */
export function countCryptography(): void {
  if (isCounting) return
  isCounting = true
  const { subtle } = crypto
  for (const name of IN_THREADS) {
    const original = subtle[name] as (...inputs: unknown[]) => Promise<unknown>
    const counted = (...inputs: unknown[]) => {
      underWay += 1
      return original.apply(subtle, inputs).finally(() => {
        underWay -= 1
      })
    }
    Object.defineProperty(subtle, name, { value: counted, configurable: true, writable: true })
  }
}

/** Resolves when every promise that can go on by itself has gone on. Nothing that is simulated waits for a real timer. */
export async function settle(): Promise<void> {
  do await nextTurn()
  while (underWay > 0)
}
