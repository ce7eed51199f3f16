namespace DaprShop.Local.Metrics;

/// <summary>As daprd names them, <c>pkg/diagnostics</c>.</summary>
internal static class MetricNames
{
    public const string HttpRequests = "dapr_http_server_request_count";
    public const string HttpLatency = "dapr_http_server_latency";
    public const string GrpcCalls = "dapr_grpc_io_server_completed_rpcs";
    public const string GrpcLatency = "dapr_grpc_io_server_server_latency";
    public const string CallsSent = "dapr_runtime_service_invocation_req_sent_total";
}
