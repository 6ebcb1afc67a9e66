import { defineResponder } from '../../define-route.js';

export const readMetrics = defineResponder({
  operation: 'service.metrics',
  method: 'GET',
  path: '/metrics',
  summary: 'Figures for Prometheus',
  success: { status: 200, description: 'Prometheus text format', mediaType: 'text/plain' },
  errors: [],
  respond: async ({ metrics, request, reply }) => {
    const text = await metrics.render((source, error) =>
      request.log.warn({ err: error, source }, 'a source of metrics could not be read'),
    );
    return reply.type(metrics.contentType).send(text);
  },
});
