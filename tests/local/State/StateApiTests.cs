using System.Net;
using System.Text;
using System.Text.Json;
using Dapr.Client;
using DaprShop.Testing;
using Grpc.Core;

namespace DaprShop.Local.Tests.State;

/// <summary>One runtime with stores of each kind, for the whole class.</summary>
public sealed class StateHost : IAsyncLifetime
{
    private const string Components = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: sqlite }
        spec: { type: state.sqlite, version: v1, metadata: [{ name: connectionString, value: data/app.db }] }
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: memory }
        spec: { type: state.in-memory, version: v1, metadata: [] }
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: shared }
        spec:
          type: state.sqlite
          version: v1
          metadata: [{ name: connectionString, value: data/shared.db }, { name: keyPrefix, value: none }]
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: private }
        spec: { type: state.in-memory, version: v1, metadata: [] }
        scopes: [nobody]
        """;

    public ShopHost Shop { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Shop = await ShopHost.StartAsync(
        shop => shop.Resources(Components).Fake("app", _ => { }).Fake("other", _ => { }));

    public ValueTask DisposeAsync() => Shop.DisposeAsync();
}

public sealed class StateApiTests(StateHost host) : IClassFixture<StateHost>
{
    public static TheoryData<string> Stores => ["sqlite", "memory"];

    private HttpClient Http => host.Shop.DaprHttp("app");

    [Theory, MemberData(nameof(Stores))]
    public async Task What_is_saved_is_read_back(string store)
    {
        const string odd = """{"x": [1, 2.50, "ü"]}""";
        await SaveAsync(
            store, $$"""[{"key":"a","value":{{odd}}},{"key":"b","value":"text"},{"key":"c"},{"key":"d d/é","value":null}]""");
        foreach (var (key, value) in new[] { ("a", odd), ("b", "\"text\""), ("c", "null"), ("d%20d%2F%C3%A9", "null") })
        {
            using var response = await Http.GetAsync($"v1.0/state/{store}/{key}");
            Assert.Equal((HttpStatusCode.OK, "application/json"), (response.StatusCode, response.Content.Headers.ContentType!.MediaType));
            Assert.Equal(value, await response.Content.ReadAsStringAsync());
            Assert.NotEmpty(Assert.Single(response.Headers.NonValidated["ETag"]));
        }

        Assert.Equal(HttpStatusCode.NoContent, (await Http.GetAsync($"v1.0/state/{store}/absent")).StatusCode);
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task Etags_and_first_writes_decide_who_may_write(string store)
    {
        await SaveAsync(store, """[{"key":"e","value":1,"options":{"concurrency":"first-write"}}]""");
        var conflict = $"failed saving state in state store {store}: possible etag mismatch. error from state store";
        await RefusedAsync(store, """[{"key":"e","value":2,"options":{"concurrency":"first-write"}}]""", 409, "ERR_STATE_SAVE", conflict);
        await RefusedAsync(store, """[{"key":"e","value":2,"etag":"stale"}]""", 409, "ERR_STATE_SAVE", conflict);
        await RefusedAsync(store, """[{"key":"e","value":2,"options":{"concurrency":"odd"}}]""", 500, "ERR_STATE_SAVE", null);
        var etag = await EtagAsync(store, "e");
        await SaveAsync(store, $$"""[{"key":"e","value":2,"etag":"{{etag}}"}]""");

        using var stale = new HttpRequestMessage(HttpMethod.Delete, $"v1.0/state/{store}/e");
        stale.Headers.TryAddWithoutValidation("If-Match", etag);
        await AssertErrorAsync(
            await Http.SendAsync(stale), 409, "ERR_STATE_DELETE",
            "failed deleting state with key e: possible etag mismatch. error from state store");
        Assert.Equal(HttpStatusCode.NoContent, (await Http.DeleteAsync($"v1.0/state/{store}/e")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await Http.DeleteAsync($"v1.0/state/{store}/e")).StatusCode);
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task A_transaction_is_all_or_nothing(string store)
    {
        await SaveAsync(store, """[{"key":"t1","value":1},{"key":"t2","value":1}]""");
        await PostAsync($"v1.0/state/{store}/transaction", """
            {"operations":[{"operation":"upsert","request":{"key":"t1","value":2}},{"operation":"delete","request":{"key":"t2"}}]}
            """);
        using var failed = await PostRawAsync($"v1.0/state/{store}/transaction", """
            {"operations":[
              {"operation":"upsert","request":{"key":"t1","value":3}},
              {"operation":"upsert","request":{"key":"t2","value":3,"etag":"stale"}}]}
            """);
        await AssertErrorAsync(
            failed, 500, "ERR_STATE_TRANSACTION",
            "error while executing state transaction: possible etag mismatch. error from state store");
        Assert.Equal("2", await Http.GetStringAsync($"v1.0/state/{store}/t1"));
        Assert.Equal(HttpStatusCode.NoContent, (await Http.GetAsync($"v1.0/state/{store}/t2")).StatusCode);
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task Bulk_answers_for_every_key(string store)
    {
        await SaveAsync(store, """[{"key":"k1","value":{"a":1}},{"key":"k2","value":2,"metadata":{"ttlInSeconds":"100"}}]""");
        using var response = await PostRawAsync($"v1.0/state/{store}/bulk", """{"keys":["k1","none","k2"],"parallelism":2}""");
        using var items = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        var byKey = items.RootElement.EnumerateArray().ToDictionary(item => item.GetProperty("key").GetString()!);
        Assert.Equal(1, byKey["k1"].GetProperty("data").GetProperty("a").GetInt32());
        Assert.False(byKey["none"].TryGetProperty("data", out _));
        Assert.True(byKey["k2"].GetProperty("metadata").GetProperty("ttlExpireTime").GetDateTimeOffset() > DateTimeOffset.UtcNow);
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task Deep_values_are_json_in_bulk_too(string store)
    {
        var deep = new string('[', 500) + new string(']', 500);
        await SaveAsync(store, $$"""[{"key":"deep","value":{{deep}}}]""");
        using var response = await PostRawAsync($"v1.0/state/{store}/bulk", """{"keys":["deep"]}""");
        Assert.Contains($"\"data\":{deep}", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Time_to_live_comes_from_the_body_or_the_address_and_is_told()
    {
        await PostAsync("v1.0/state/sqlite?metadata.ttlInSeconds=100", """[{"key":"ttl","value":1}]""");
        using var response = await Http.GetAsync("v1.0/state/sqlite/ttl");
        var expires = DateTimeOffset.Parse(Assert.Single(response.Headers.GetValues("metadata.ttlExpireTime")));
        Assert.InRange(expires, DateTimeOffset.UtcNow.AddSeconds(90), DateTimeOffset.UtcNow.AddSeconds(101));
        await SaveAsync("sqlite", """[{"key":"ttl","value":1,"metadata":{"ttlInSeconds":"-1"}}]""");
        Assert.False((await Http.GetAsync("v1.0/state/sqlite/ttl")).Headers.Contains("metadata.ttlExpireTime"));
        await RefusedAsync("sqlite", """[{"key":"ttl","value":1,"metadata":{"ttlInSeconds":"soon"}}]""", 500, "ERR_STATE_SAVE", null);
    }

    public static TheoryData<string, string, string, int, string> Malformed => new()
    {
        { "POST", "state/sqlite", "{", 400, "ERR_MALFORMED_REQUEST" },
        { "POST", "state/sqlite", "{}", 400, "ERR_MALFORMED_REQUEST" },
        { "POST", "state/sqlite", "", 400, "ERR_MALFORMED_REQUEST" },
        { "POST", "state/sqlite", """[{"value":1}]""", 400, "ERR_MALFORMED_REQUEST" },
        { "POST", "state/sqlite", """[{"key":7,"value":1}]""", 400, "ERR_MALFORMED_REQUEST" },
        { "POST", "state/sqlite", """[{"key":"a||b","value":1}]""", 400, "ERR_MALFORMED_REQUEST" },
        { "GET", "state/sqlite/a%7C%7Cb", "", 400, "ERR_MALFORMED_REQUEST" },
        { "DELETE", "state/sqlite/a%7C%7Cb", "", 400, "ERR_MALFORMED_REQUEST" },
        { "POST", "state/sqlite/bulk", """{"keys":["a||b"]}""", 400, "ERR_MALFORMED_REQUEST" },
        { "POST", "state/sqlite/bulk", "[", 400, "ERR_MALFORMED_REQUEST" },
        { "POST", "state/sqlite/transaction", "nonsense", 400, "ERR_MALFORMED_REQUEST" },
        {
            "POST", "state/sqlite/transaction", """{"operations":[{"operation":"read","request":{"key":"a"}}]}""",
            400, "ERR_NOT_SUPPORTED_STATE_OPERATION"
        },
        { "GET", "state/absent/a", "", 400, "ERR_STATE_STORE_NOT_FOUND" },
        { "GET", "state/private/a", "", 400, "ERR_STATE_STORE_NOT_FOUND" },
        { "POST", "state/absent", "[", 400, "ERR_STATE_STORE_NOT_FOUND" },
        { "POST", "state/absent/bulk", "[", 400, "ERR_STATE_STORE_NOT_FOUND" },
    };

    [Theory, MemberData(nameof(Malformed))]
    public async Task What_is_wrong_is_refused_as_dapr_does(string verb, string path, string body, int status, string code)
    {
        using var request = new HttpRequestMessage(new HttpMethod(verb), $"v1.0/{path}");
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        await AssertErrorAsync(await Http.SendAsync(request), status, code, null);
    }

    [Fact]
    public async Task Queries_are_not_supported()
    {
        using var response = await PostRawAsync("v1.0-alpha1/state/sqlite/query", "{}");
        await AssertErrorAsync(response, 500, "ERR_STATE_STORE_NOT_SUPPORTED", "state store does not support querying");
    }

    [Fact]
    public async Task Empty_requests_change_nothing()
    {
        await SaveAsync("sqlite", "[]");
        await PostAsync("v1.0/state/sqlite/transaction", "{}");
        using var none = await PostRawAsync("v1.0/state/sqlite/bulk", """{"keys":[]}""");
        Assert.Equal("[]", (await none.Content.ReadAsStringAsync()).Trim());
    }

    [Fact]
    public async Task Apps_do_not_see_each_others_keys_unless_the_store_says_so()
    {
        foreach (var store in new[] { "sqlite", "shared" }) await SaveAsync(store, """[{"key":"mine","value":1}]""");
        var other = host.Shop.DaprHttp("other");
        Assert.Equal(HttpStatusCode.NoContent, (await other.GetAsync("v1.0/state/sqlite/mine")).StatusCode);
        Assert.Equal("1", await other.GetStringAsync("v1.0/state/shared/mine"));
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task The_sdk_finds_its_way_over_grpc(string store)
    {
        var dapr = host.Shop.Dapr("app");
        var firstWrite = new StateOptions { Concurrency = ConcurrencyMode.FirstWrite };
        await dapr.SaveStateAsync(store, "g", new[] { 1, 2 });
        var (value, etag) = await dapr.GetStateAndETagAsync<int[]>(store, "g");
        Assert.Equal([1, 2], value);
        Assert.False(await dapr.TrySaveStateAsync(store, "g", new[] { 3 }, "stale", firstWrite));
        Assert.False(await dapr.TrySaveStateAsync(store, "g", new[] { 3 }, "", firstWrite));
        Assert.True(await dapr.TrySaveStateAsync(store, "g", new[] { 3 }, etag, firstWrite));
        Assert.False(await dapr.TryDeleteStateAsync(store, "g", etag, firstWrite));
        await dapr.ExecuteStateTransactionAsync(store, [
            new StateTransactionRequest("g", "4"u8.ToArray(), StateOperationType.Upsert),
            new StateTransactionRequest("h", [0xff, 0x00], StateOperationType.Upsert)]);
        var bulk = await dapr.GetBulkStateAsync(store, ["g", "absent"], null);
        Assert.Equal(["4", ""], bulk.Select(item => item.Value));
        Assert.Equal("\"/wA=\"", await BulkDataAsync(store, "h"));
        await dapr.DeleteBulkStateAsync(store, [new BulkDeleteStateItem("g", ""), new BulkDeleteStateItem("h", "")]);
        Assert.Null(await dapr.GetStateAsync<int[]?>(store, "g"));
        await Assert.ThrowsAsync<Dapr.DaprException>(() => dapr.GetStateAsync<int>("absent", "g"));
        var error = await Assert.ThrowsAsync<Dapr.DaprException>(() => dapr.GetStateAsync<int>(store, "a||b"));
        Assert.Equal(StatusCode.InvalidArgument, Assert.IsType<RpcException>(error.InnerException).StatusCode);
    }

    private async Task<string> BulkDataAsync(string store, string key)
    {
        using var response = await PostRawAsync($"v1.0/state/{store}/bulk", $$"""{"keys":["{{key}}"]}""");
        using var items = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return items.RootElement[0].GetProperty("data").GetRawText();
    }

    private async Task<string> EtagAsync(string store, string key)
    {
        using var response = await Http.GetAsync($"v1.0/state/{store}/{key}");
        return response.Headers.NonValidated["ETag"].ToString();
    }

    private Task SaveAsync(string store, string body) => PostAsync($"v1.0/state/{store}", body);

    private async Task PostAsync(string path, string body)
    {
        using var response = await PostRawAsync(path, body);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    private Task<HttpResponseMessage> PostRawAsync(string path, string body) =>
        Http.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));

    private async Task RefusedAsync(string store, string body, int status, string code, string? message)
    {
        using var response = await PostRawAsync($"v1.0/state/{store}", body);
        await AssertErrorAsync(response, status, code, message);
    }

    private static async Task AssertErrorAsync(HttpResponseMessage response, int status, string code, string? message)
    {
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal((status, code), ((int)response.StatusCode, json.RootElement.GetProperty("errorCode").GetString()));
        if (message is not null) Assert.Equal(message, json.RootElement.GetProperty("message").GetString());
    }
}
