// What the bridge of the tests is told, and what the tests therefore know: its address, its consumer, its secrets.

export const PUBLIC_URL = 'https://bridge.example.org'
/** Of OneRoster 1.1. */
export const BASE = '/ims/oneroster/v1p1'

export interface Consumer {
  readonly id: string
  readonly secret: string
}

export const CONSUMER: Consumer = { id: 'test-consumer', secret: 'a-secret-of-the-tests-alone' }
export const ADMIN_TOKEN = 'an-admin-token-of-the-tests-alone'
/** What consumers' secrets are sealed with. */
export const SEALING_KEY = new Uint8Array(32).fill(7)
/** What access tokens are signed with, unless a test has another key used. */
export const SIGNING_KEY = new Uint8Array(32).fill(9)
