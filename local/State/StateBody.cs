using System.Runtime.InteropServices;
using System.Text.Json;
using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;
using Grpc.Core;

namespace DaprShop.Local.State;

/// <summary>
/// The bodies of the HTTP state API. Values are not interpreted: what an app saves is what it gets back, byte by byte. Names compare
/// without case and unknown ones are ignored, as Go's JSON does.
/// </summary>
internal static class StateBody
{
    private const string Deserializing = "failed deserializing HTTP body: ";
    private static readonly byte[] Null = "null"u8.ToArray();

    /// <summary><c>[{"key","value","etag","metadata","options":{"concurrency","consistency"}}]</c></summary>
    public static async Task<IReadOnlyList<StateRequest>> ReadSaveAsync(HttpRequest request, string? ttl)
    {
        using var body = await ParseAsync(request, "");
        return Read(() => ReadArray(body.RootElement, item => ReadRequest(item, isDelete: false, ttl)));
    }

    /// <summary><c>{"operations":[{"operation":"upsert|delete","request":{…}}]}</c></summary>
    public static async Task<IReadOnlyList<StateRequest>> ReadTransactionAsync(HttpRequest request, string? ttl)
    {
        using var body = await ParseAsync(request, Deserializing);
        return Read(() => Member(body.RootElement, "operations") is { } operations
            ? ReadArray(operations, operation => ReadOperation(operation, ttl))
            : []);
    }

    /// <summary><c>{"keys":[…],"parallelism":n}</c></summary>
    public static async Task<IReadOnlyList<string>> ReadKeysAsync(HttpRequest request)
    {
        using var body = await ParseAsync(request, Deserializing);
        return Read(() => Member(body.RootElement, "keys") is { } keys ? ReadArray(keys, key => Text(key) ?? "") : []);
    }

    private static DaprError Malformed(string message) => new(400, "ERR_MALFORMED_REQUEST", StatusCode.InvalidArgument, message);

    private static async Task<JsonDocument> ParseAsync(HttpRequest request, string errorPrefix)
    {
        try
        {
            return await JsonDocument.ParseAsync(request.Body, DeepJson.Reading, request.HttpContext.RequestAborted);
        }
        catch (JsonException error)
        {
            throw Malformed(errorPrefix + error.Message);
        }
    }

    /// <summary>Half a surrogate pair is well-formed JSON and still no text.</summary>
    private static List<T> Read<T>(Func<List<T>> read)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException error)
        {
            throw Malformed(error.Message);
        }
    }

    private static StateRequest ReadOperation(JsonElement operation, string? ttl)
    {
        var kind = Text(Member(operation, "operation")) ?? "";
        if (kind is not ("upsert" or "delete"))
        {
            throw new DaprError(
                400, "ERR_NOT_SUPPORTED_STATE_OPERATION", StatusCode.Unimplemented, $"operation type {kind} not supported");
        }

        return ReadRequest(Member(operation, "request") ?? default, kind == "delete", ttl);
    }

    private static StateRequest ReadRequest(JsonElement item, bool isDelete, string? ttl)
    {
        var key = Text(Member(item, "key"));
        if (string.IsNullOrEmpty(key)) throw Malformed("\"key\" is a required field");
        var options = Member(item, "options");
        return new StateRequest(
            key,
            isDelete ? default(ReadOnlyMemory<byte>?) : ValueOf(item),
            Text(Member(item, "etag")),
            options is { } set ? Text(Member(set, "concurrency")) : null,
            options is { } also ? Text(Member(also, "consistency")) : null,
            ttl ?? (Member(item, "metadata") is { } metadata ? Text(Member(metadata, "ttlInSeconds")) : null));
    }

    private static byte[] ValueOf(JsonElement item) =>
        Member(item, "value") is { } value ? JsonMarshal.GetRawUtf8Value(value).ToArray() : Null;

    private static List<T> ReadArray<T>(JsonElement array, Func<JsonElement, T> read) => array.ValueKind switch
    {
        JsonValueKind.Array => [.. array.EnumerateArray().Select(read)],
        JsonValueKind.Null => [],
        var kind => throw Malformed($"expected an array instead of {kind}"),
    };

    private static JsonElement? Member(JsonElement element, string name)
    {
        if (element.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null) return null;
        if (element.ValueKind != JsonValueKind.Object) throw Malformed($"expected an object instead of {element.ValueKind}");
        foreach (var member in element.EnumerateObject())
            if (member.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) return member.Value;
        return null;
    }

    private static string? Text(JsonElement? element) => element?.ValueKind switch
    {
        null or JsonValueKind.Null => null,
        JsonValueKind.String => element.Value.GetString(),
        var kind => throw Malformed($"expected a string instead of {kind}"),
    };
}
