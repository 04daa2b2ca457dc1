// What a profile's app and the front before it answer alike. Apart from the app, which the front must not load.
import { METRICS_TYPE } from '../metrics/format.ts'

export const NOTHING_HERE =
  'Nothing here. OneRoster 1.1 is at /ims/oneroster/v1p1, 1.2 at /ims/oneroster/{rostering,gradebook,resources}/v1p2.'

export const METRICS_HEADERS = { 'Content-Type': METRICS_TYPE, 'Cache-Control': 'no-store' }
