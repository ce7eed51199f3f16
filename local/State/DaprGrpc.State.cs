using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.Errors;
using DaprShop.Local.State;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Concurrency = Dapr.Client.Autogen.Grpc.v1.StateOptions.Types.StateConcurrency;

namespace DaprShop.Local.Grpc;

/// <summary>State over gRPC.</summary>
public sealed partial class DaprGrpc
{
    internal async Task<GetStateResponse> GetState(GetStateRequest request, ServerCallContext context)
    {
        var item = await state.GetAsync(context.GetHttpContext(), request.StoreName, request.Key);
        var response = new GetStateResponse();
        if (item is null) return response;
        response.Data = UnsafeByteOperations.UnsafeWrap(item.Value);
        response.Etag = item.ETag;
        AddExpiry(response.Metadata, item);
        return response;
    }

    internal async Task<GetBulkStateResponse> GetBulkState(GetBulkStateRequest request, ServerCallContext context)
    {
        var items = await state.GetAsync(context.GetHttpContext(), request.StoreName, request.Keys);
        var response = new GetBulkStateResponse();
        for (var i = 0; i < items.Length; i++)
        {
            var answer = new BulkStateItem { Key = request.Keys[i] };
            if (items[i] is { } item)
            {
                answer.Data = UnsafeByteOperations.UnsafeWrap(item.Value);
                answer.Etag = item.ETag;
                AddExpiry(answer.Metadata, item);
            }

            response.Items.Add(answer);
        }

        return response;
    }

    internal async Task<Empty> SaveState(SaveStateRequest request, ServerCallContext context)
    {
        if (request.States.Any(item => item.Key.Length == 0))
            throw new DaprError(400, "ERR_STATE_SAVE", StatusCode.InvalidArgument, "state key cannot be empty");
        await state.SaveAsync(
            context.GetHttpContext(), request.StoreName, [.. request.States.Select(item => ToRequest(item, item.Value.Memory))]);
        return new Empty();
    }

    internal async Task<Empty> DeleteState(DeleteStateRequest request, ServerCallContext context)
    {
        var delete = new StateRequest(request.Key, null, request.Etag?.Value, ConcurrencyOf(request.Options));
        await state.DeleteAsync(context.GetHttpContext(), request.StoreName, delete);
        return new Empty();
    }

    internal async Task<Empty> DeleteBulkState(DeleteBulkStateRequest request, ServerCallContext context)
    {
        await state.DeleteAsync(context.GetHttpContext(), request.StoreName, [.. request.States.Select(item => ToRequest(item, null))]);
        return new Empty();
    }

    internal async Task<Empty> ExecuteStateTransaction(ExecuteStateTransactionRequest request, ServerCallContext context)
    {
        await state.TransactAsync(context.GetHttpContext(), request.StoreName, [.. request.Operations.Select(ToRequest)]);
        return new Empty();
    }

    internal Task<QueryStateResponse> QueryStateAlpha1(QueryStateRequest request, ServerCallContext context)
    {
        state.Query(context.GetHttpContext(), request.StoreName);
        return Task.FromResult(new QueryStateResponse());
    }

    private static StateRequest ToRequest(TransactionalStateOperation operation) => operation.OperationType switch
    {
        "upsert" => ToRequest(operation.Request ?? new(), operation.Request?.Value.Memory ?? default),
        "delete" => ToRequest(operation.Request ?? new(), null),
        var kind => throw new DaprError(
            500, "ERR_NOT_SUPPORTED_STATE_OPERATION", StatusCode.Unimplemented, $"operation type {kind} not supported"),
    };

    private static StateRequest ToRequest(Dapr.Client.Autogen.Grpc.v1.StateItem item, ReadOnlyMemory<byte>? value) =>
        new(item.Key, value, item.Etag?.Value, ConcurrencyOf(item.Options), Ttl: item.Metadata.GetValueOrDefault("ttlInSeconds"));

    private static string? ConcurrencyOf(StateOptions? options) =>
        options?.Concurrency == Concurrency.ConcurrencyFirstWrite ? "first-write" : null;

    private static void AddExpiry(MapField<string, string> metadata, State.StateItem item)
    {
        if (item.ExpiresAt is { } expires) metadata[StateTime.Name] = StateTime.Format(expires);
    }
}

public sealed partial class DaprGrpcMethods
{
    private static void AddState(ServiceMethodProviderContext<DaprGrpc> context)
    {
        Unary<GetStateRequest, GetStateResponse>(context, "GetState", (dapr, request, call) => dapr.GetState(request, call));
        Unary<GetBulkStateRequest, GetBulkStateResponse>(
            context, "GetBulkState", (dapr, request, call) => dapr.GetBulkState(request, call));
        Unary<SaveStateRequest, Empty>(context, "SaveState", (dapr, request, call) => dapr.SaveState(request, call));
        Unary<DeleteStateRequest, Empty>(context, "DeleteState", (dapr, request, call) => dapr.DeleteState(request, call));
        Unary<DeleteBulkStateRequest, Empty>(context, "DeleteBulkState", (dapr, request, call) => dapr.DeleteBulkState(request, call));
        Unary<ExecuteStateTransactionRequest, Empty>(
            context, "ExecuteStateTransaction", (dapr, request, call) => dapr.ExecuteStateTransaction(request, call));
        Unary<QueryStateRequest, QueryStateResponse>(
            context, "QueryStateAlpha1", (dapr, request, call) => dapr.QueryStateAlpha1(request, call));
    }
}
