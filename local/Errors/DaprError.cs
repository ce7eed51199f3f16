using System.Text.Json;
using System.Text.Json.Serialization;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using ErrorInfo = Google.Rpc.ErrorInfo;
using ResourceInfo = Google.Rpc.ResourceInfo;
using Status = Grpc.Core.Status;

namespace DaprShop.Local.Errors;

/// <summary>
/// An error as daprd answers it: <c>{"errorCode":"ERR_…","message":"…"}</c> over HTTP, a status over gRPC. Some errors of daprd have
/// details as well (https://docs.dapr.io/developing-applications/error-codes/).
/// </summary>
/// <param name="status">The HTTP status.</param>
/// <param name="code">Dapr's error code, e.g. <c>ERR_STATE_STORE_NOT_FOUND</c>.</param>
/// <param name="grpc">The gRPC status code of the same error.</param>
/// <param name="message">Dapr's words.</param>
public sealed class DaprError(int status, string code, StatusCode grpc, string message) : Exception(message)
{
    private const string DetailsTrailer = "grpc-status-details-bin";

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public int Status { get; } = status;

    public string Code { get; } = code;

    public StatusCode Grpc { get; } = grpc;

    /// <summary>The words over HTTP, where they differ.</summary>
    public string? HttpMessage { get; init; }

    /// <summary>More about what is wrong, for errors that say more in daprd.</summary>
    public ErrorDetails? Details { get; init; }

    public async Task WriteAsync(HttpResponse response)
    {
        response.StatusCode = Status;
        response.ContentType = "application/json";
        var message = HttpMessage ?? Message;
        var body = JsonSerializer.SerializeToUtf8Bytes(new Body(Code, message, Details?.ToJson(message)), s_json);
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body);
    }

    public RpcException ToRpc()
    {
        if (Details is null) return new RpcException(new Status(Grpc, Message));
        var status = new Google.Rpc.Status { Code = (int)Grpc, Message = Message, Details = { Details.ToMessages(Message).Select(Any.Pack) } };
        return new RpcException(new Status(Grpc, Message), new Metadata { { DetailsTrailer, status.ToByteArray() } });
    }

    private sealed record Body(string ErrorCode, string Message, IEnumerable<object>? Details);
}

/// <summary><c>google.rpc.ErrorInfo</c> and, with a resource, <c>google.rpc.ResourceInfo</c>.</summary>
/// <param name="Reason">E.g. <c>DAPR_STATE_NOT_FOUND</c>.</param>
/// <param name="Metadata">Null is written as null. In the order of the keys, as Go writes them.</param>
/// <param name="Resource">Type and name of the component.</param>
/// <param name="Description">Of the resource; null for the error's own message.</param>
public sealed record ErrorDetails(
    string Reason, IReadOnlyDictionary<string, string>? Metadata, (string Type, string Name)? Resource = null, string? Description = null)
{
    private const string Domain = "dapr.io";
    private const string Prefix = "type.googleapis.com/google.rpc.";

    /// <summary>daprd says less over gRPC.</summary>
    public bool HasMetadataOverHttpOnly { get; init; }

    internal IEnumerable<IMessage> ToMessages(string message)
    {
        if (Resource is { } resource)
            yield return new ResourceInfo { ResourceType = resource.Type, ResourceName = resource.Name, Description = Description ?? message };
        yield return new ErrorInfo { Reason = Reason, Domain = Domain, Metadata = { HasMetadataOverHttpOnly ? [] : Metadata?.ToDictionary() ?? [] } };
    }

    internal IEnumerable<object> ToJson(string message)
    {
        if (Resource is { } resource)
        {
            yield return new SortedDictionary<string, object>(StringComparer.Ordinal)
            {
                ["@type"] = Prefix + "ResourceInfo",
                ["description"] = Description ?? message,
                ["owner"] = "",
                ["resource_name"] = resource.Name,
                ["resource_type"] = resource.Type,
            };
        }
        yield return new SortedDictionary<string, object?>(StringComparer.Ordinal)
        {
            ["@type"] = Prefix + "ErrorInfo",
            ["domain"] = Domain,
            ["metadata"] = Metadata is null ? null : new SortedDictionary<string, string>(Metadata.ToDictionary(), StringComparer.Ordinal),
            ["reason"] = Reason,
        };
    }
}
