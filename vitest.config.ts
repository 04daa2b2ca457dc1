// Two projects: every test on Node, and those of the shared folders in workerd too.
import { defineConfig } from 'vitest/config'
import { WORKERD_ONLY, workerdProject } from './test/workerd/project.ts'

// Nothing of the tests asks the network, and nothing is told to anybody.
process.env.WRANGLER_SEND_METRICS = 'false'
process.env.WRANGLER_SEND_ERROR_REPORTS = 'false'
process.env.CLOUDFLARE_CF_FETCH_ENABLED = 'false'

export default defineConfig({
  test: {
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: WORKERD_ONLY,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      workerdProject(),
    ],
  },
})
