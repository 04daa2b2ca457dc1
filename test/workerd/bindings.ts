// What the worker of the tests is told: one profile, whose PowerSchool is simulated, and steps that are as short as can be.

export const POWERSCHOOL = {
  clientId: 'c1e0a5b2-52f4-4a6e-9d0a-5a7b6f1d2c30',
  clientSecret: '8a4f0d9e-77b1-4c25-8f3e-0c9d1e2b3a41',
}
export const CONSUMER = { id: 'test-consumer', secret: 'a-secret-of-the-tests-alone' }
export const ORIGIN = 'https://bridge.example.org'
/** Requests under way at once. */
export const CONCURRENCY = 4

export const ADMIN_TOKEN = 'an-admin-token-of-the-tests-alone'

export const BINDINGS = {
  ADMIN_TOKEN,
  SEALING_KEY: btoa('a-sealing-key-of-the-tests-alone'),
  POWERSCHOOL_URL: 'https://powerschool.example.org',
  POWERSCHOOL_CLIENT_ID: POWERSCHOOL.clientId,
  POWERSCHOOL_CLIENT_SECRET: POWERSCHOOL.clientSecret,
  POWERSCHOOL_TEMPLATE: 'rest',
  POWERSCHOOL_CONCURRENCY: String(CONCURRENCY),
  ONEROSTER_CLIENT_ID: CONSUMER.id,
  ONEROSTER_CLIENT_SECRET: CONSUMER.secret,
  PUBLIC_URL: ORIGIN,
  PUBLISH_QUIET: 'PT0S',
  LOG_LEVEL: 'error',
  STEP_REQUESTS: '20',
}
