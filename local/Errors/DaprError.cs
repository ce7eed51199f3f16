using Grpc.Core;

namespace DaprShop.Local.Errors;

/// <summary>An error as daprd answers it: <c>{"errorCode":"ERR_…","message":"…"}</c> over HTTP, a status over gRPC.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="code">Dapr's error code, e.g. <c>ERR_STATE_STORE_NOT_FOUND</c>.</param>
/// <param name="grpc">The gRPC status code of the same error.</param>
/// <param name="message">Dapr's words.</param>
public sealed class DaprError(int status, string code, StatusCode grpc, string message) : Exception(message)
{
    public int Status { get; } = status;

    public string Code { get; } = code;

    public StatusCode Grpc { get; } = grpc;

    public Task WriteAsync(HttpResponse response)
    {
        response.StatusCode = Status;
        return response.WriteAsJsonAsync(new Body(Code, Message));
    }

    public RpcException ToRpc() => new(new Status(Grpc, Message));

    private sealed record Body(string ErrorCode, string Message);
}
