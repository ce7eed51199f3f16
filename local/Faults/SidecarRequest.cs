using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.Hosting;
using DaprShop.Local.PubSub;
using Google.Protobuf;

namespace DaprShop.Local.Faults;

/// <summary>Which call a request to a sidecar is, over HTTP or gRPC; its body is read for that, and put back.</summary>
internal static class SidecarRequest
{
    private const string Service = "/dapr.proto.runtime.v1.Dapr/";

    /// <summary>A gRPC message comes behind a flag (is it compressed?) and its length.</summary>
    private const int FrameHeader = 5;

    private static readonly Dictionary<string, (FaultPoint On, Func<byte[], IEnumerable<string>> Names)> s_methods = new()
    {
        ["PublishEvent"] = (FaultPoint.Publish, frame => [Read<PublishEventRequest>(frame).Topic]),
        ["BulkPublishEvent"] = (FaultPoint.Publish, frame => [Read<BulkPublishRequest>(frame).Topic]),
        ["BulkPublishEventAlpha1"] = (FaultPoint.Publish, frame => [Read<BulkPublishRequest>(frame).Topic]),
        ["SaveState"] = (FaultPoint.Write,
            frame => Keys(Read<SaveStateRequest>(frame), save => (save.StoreName, save.States.Select(item => item.Key)))),
        ["DeleteState"] = (FaultPoint.Write, frame => Keys(Read<DeleteStateRequest>(frame), delete => (delete.StoreName, [delete.Key]))),
        ["DeleteBulkState"] = (FaultPoint.Write,
            frame => Keys(Read<DeleteBulkStateRequest>(frame), delete => (delete.StoreName, delete.States.Select(item => item.Key)))),
        ["ExecuteStateTransaction"] = (FaultPoint.Write,
            frame => Keys(
                Read<ExecuteStateTransactionRequest>(frame), all => (all.StoreName, all.Operations.Select(one => one.Request.Key)))),
        ["GetState"] = (FaultPoint.Read, frame => Keys(Read<GetStateRequest>(frame), get => (get.StoreName, [get.Key]))),
        ["GetBulkState"] = (FaultPoint.Read, frame => Keys(Read<GetBulkStateRequest>(frame), get => (get.StoreName, get.Keys))),
        ["ExecuteActorStateTransaction"] = (FaultPoint.Write,
            frame => Actor(Read<ExecuteActorStateTransactionRequest>(frame), turn => (turn.ActorType, turn.ActorId))),
        ["GetActorState"] = (FaultPoint.Read, frame => Actor(Read<GetActorStateRequest>(frame), get => (get.ActorType, get.ActorId))),
        ["RegisterActorReminder"] = (FaultPoint.Remind,
            frame => Reminder("register", Read<RegisterActorReminderRequest>(frame), one => (one.ActorType, one.ActorId, one.Name))),
        ["UnregisterActorReminder"] = (FaultPoint.Remind,
            frame => Reminder("unregister", Read<UnregisterActorReminderRequest>(frame), one => (one.ActorType, one.ActorId, one.Name))),
    };

    public static bool IsGrpc(HttpRequest request) => request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true;

    /// <summary>Null when it is none that a fault of the plan is about.</summary>
    public static async Task<SidecarCall?> CallOfAsync(HttpContext context, FaultPlan plan)
    {
        var (request, appId) = (context.Request, context.GetSidecar().AppId);
        var path = request.Path.Value!;
        if (path.StartsWith(Service, StringComparison.Ordinal))
        {
            if (!s_methods.TryGetValue(path[Service.Length..], out var method) || !plan.Concerns(method.On)) return null;
            var frame = await PeekAsync(request);
            return frame is [0, ..] ? new SidecarCall(appId, method.On, [.. method.Names(frame)]) : null;
        }
        return path.Split('/', StringSplitOptions.RemoveEmptyEntries) switch
        {
            ["v1.0" or "v1.0-alpha1", "publish", "bulk", _, .. var topic] when plan.Concerns(FaultPoint.Publish) =>
                new SidecarCall(appId, FaultPoint.Publish, string.Join('/', topic)) { Entries = EntryIds(await PeekAsync(request)) },
            ["v1.0", "publish", _, .. var topic] => Call(FaultPoint.Publish, string.Join('/', topic)),
            ["v1.0", "actors", var type, var id, "state", ..] => Call(Access(request.Method), $"{type}/{id}"),
            ["v1.0", "actors", var type, var id, "reminders", var name] when request.Method != HttpMethods.Get =>
                Call(FaultPoint.Remind, $"{(request.Method == HttpMethods.Delete ? "unregister" : "register")} {type}/{id}/{name}"),
            ["v1.0", "state", var store, "bulk"] when plan.Concerns(FaultPoint.Read) =>
                new SidecarCall(appId, FaultPoint.Read, Keys(store, await PeekAsync(request))),
            ["v1.0", "state", var store, .. [] or ["transaction"]] when plan.Concerns(FaultPoint.Write) =>
                new SidecarCall(appId, FaultPoint.Write, Keys(store, await PeekAsync(request))),
            ["v1.0", "state", var store, .. { Length: > 0 } key] =>
                Call(Access(request.Method), $"{store}/{Uri.UnescapeDataString(string.Join('/', key))}"),
            _ => null,
        };

        SidecarCall? Call(FaultPoint on, string name) => plan.Concerns(on) ? new SidecarCall(appId, on, name) : null;
    }

    private static FaultPoint Access(string method) => method == HttpMethods.Get ? FaultPoint.Read : FaultPoint.Write;

    private static async Task<byte[]> PeekAsync(HttpRequest request)
    {
        var body = new MemoryStream();
        await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted);
        body.Position = 0;
        request.Body = body;
        return body.ToArray();
    }

    private static T Read<T>(byte[] frame) where T : IMessage<T>, new()
    {
        var message = new T();
        message.MergeFrom(frame.AsSpan(FrameHeader));
        return message;
    }

    private static IEnumerable<string> Keys<T>(T request, Func<T, (string Store, IEnumerable<string> Keys)> of)
    {
        var (store, keys) = of(request);
        return keys.Select(key => $"{store}/{key}");
    }

    private static IEnumerable<string> Actor<T>(T request, Func<T, (string Type, string Id)> of) =>
        [$"{of(request).Type}/{of(request).Id}"];

    private static IEnumerable<string> Reminder<T>(string verb, T request, Func<T, (string Type, string Id, string Name)> of)
    {
        var (type, id, name) = of(request);
        return [$"{verb} {type}/{id}/{name}"];
    }

    /// <summary>Of <c>[{"key"}]</c>, <c>{"keys":[]}</c> or <c>{"operations":[{"request":{"key"}}]}</c>; none of what is not JSON.</summary>
    private static List<string> Keys(string store, byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, DeepJson.Reading);
            return [.. KeysIn(document.RootElement).Select(key => $"{store}/{key}")];
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return [];
        }
    }

    /// <summary>Of <c>[{"entryId"}]</c>; none of what is not JSON.</summary>
    private static List<string> EntryIds(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, DeepJson.Reading);
            return [.. document.RootElement.EnumerateArray().Select(PublishEndpoints.EntryIdOf)];
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return [];
        }
    }

    private static IEnumerable<string?> KeysIn(JsonElement body)
    {
        if (body.ValueKind == JsonValueKind.Array) return [.. body.EnumerateArray().Select(item => item.GetProperty("key").GetString())];
        return body.TryGetProperty("keys", out var keys)
            ? [.. keys.EnumerateArray().Select(key => key.GetString())]
            : [.. body.GetProperty("operations").EnumerateArray().Select(one => one.GetProperty("request").GetProperty("key").GetString())];
    }
}
