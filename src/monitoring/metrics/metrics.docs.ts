import type { RouteDocs } from '../../shared/http/openapi/describe-route.js';

const EXAMPLE = `# HELP revenue_etl_events_accepted_total Events that were answered as accepted: durable in the log.
# TYPE revenue_etl_events_accepted_total counter
revenue_etl_events_accepted_total 1000
`;

export const METRICS_DOCS: RouteDocs = {
  operationId: 'getMetrics',
  tag: 'Monitoring',
  summary: 'Metrics for Prometheus',
  description:
    'docs/metrics.md lists them. Counters are from the start of the process; what is not known has no sample.',
  answers: {
    200: {
      description: 'In the text format of Prometheus, version 0.0.4.',
      content: {
        'text/plain': { schema: { type: 'string' }, examples: { some: { value: EXAMPLE } } },
      },
    },
  },
};
