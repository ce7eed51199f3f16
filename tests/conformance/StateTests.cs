using System.Globalization;
using DaprShop.Conformance.Tests.Sidecars;

namespace DaprShop.Conformance.Tests;

/// <summary>State over HTTP: https://docs.dapr.io/reference/api/state_api/</summary>
public sealed class StateTests(TestWorld world)
{
    private readonly string _mark = Guid.NewGuid().ToString("N");

    [Theory]
    [InlineData("store", "\"text\"")]
    [InlineData("store", "42")]
    [InlineData("store", "-1500")]
    [InlineData("store", "true")]
    [InlineData("store", "null")]
    [InlineData("store", "[1,2,{\"a\":null}]")]
    [InlineData("store", "{\"a\":\"é ☃ 🎉\",\"b\":1}")]
    [InlineData("store", "\"\"")]
    [InlineData("store", "{}")]
    [InlineData("memory", "\"text\"")]
    [InlineData("memory", "{\"a\":2,\"b\":1}")]
    [InlineData("memory", "[]")]
    public async Task What_is_saved_is_what_is_got(string store, string value)
    {
        Assert.Equal(204, (await SaveAsync(store, $$"""[{"key":"{{_mark}}","value":{{value}}}]""")).Status);
        var got = await GetAsync(store, _mark);
        Assert.Equal((200, value, "application/json"), (got.Status, got.Body, got.Header("content-type")));
        Assert.NotEmpty(got.Header("etag")!);
    }

    [Fact]
    public async Task A_component_may_name_the_app_that_has_it()
    {
        Assert.Equal(204, (await SaveAsync("own", $$"""[{"key":"{{_mark}}","value":1}]""")).Status);
        Assert.True(File.Exists(Path.Combine(world.Folder, "caller.default.caller.db")));
    }

    [Theory]
    [InlineData("store")]
    [InlineData("memory")]
    public async Task What_was_never_saved_is_204_without_a_body(string store)
    {
        var got = await GetAsync(store, _mark);
        Assert.Equal((204, "", null), (got.Status, got.Body, got.Header("etag")));
    }

    [Theory]
    [InlineData("simple")]
    [InlineData("with%20blank")]
    [InlineData("percent%25")]
    [InlineData("sl%2Fash")]
    [InlineData("uml%C3%A4ut")]
    [InlineData("a.b-c_d~e")]
    [InlineData("colon:semi;comma,")]
    [InlineData("quote%22s")]
    public async Task Keys_in_the_path_are_decoded_once(string encoded)
    {
        var key = Uri.UnescapeDataString(encoded).Replace("\"", "\\\"", StringComparison.Ordinal) + _mark;
        await SaveAsync("store", $$"""[{"key":"{{key}}","value":1}]""");
        Assert.Equal("1", (await GetAsync("store", encoded + _mark)).Body);
        Assert.Equal(204, (await world.CallAsync("caller", "DELETE", $"/v1.0/state/store/{encoded}{_mark}")).Status);
        Assert.Equal(204, (await GetAsync("store", encoded + _mark)).Status);
    }

    [Fact]
    public async Task A_plus_sign_in_the_path_is_a_blank()
    {
        await SaveAsync("store", $$"""[{"key":"plus {{_mark}}","value":1}]""");
        Assert.Equal("1", (await GetAsync("store", "plus+" + _mark)).Body);
    }

    [Theory]
    [InlineData("{\"b\":1,\"a\":2}")]
    [InlineData("-1.50e3")]
    [InlineData("12345678901234567890")]
    public async Task Values_are_kept_byte_by_byte(string value)
    {
        world.NotOnDaprd("daprd reads a value as Go would and writes it anew: sorted, and large numbers rounded");
        await SaveAsync("store", $$"""[{"key":"{{_mark}}","value":{{value}}}]""");
        Assert.Equal(value, (await GetAsync("store", _mark)).Body);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    public async Task Several_are_saved_at_once(string verb)
    {
        var saved = await world.CallAsync(
            "caller", verb, "/v1.0/state/store", $$"""[{"key":"{{_mark}}1","value":1},{"key":"{{_mark}}2","value":2}]""");
        Assert.Equal((204, ""), (saved.Status, saved.Body));
        Assert.Equal("1", (await GetAsync("store", _mark + "1")).Body);
        Assert.Equal("2", (await GetAsync("store", _mark + "2")).Body);
    }

    [Theory]
    [InlineData("store")]
    [InlineData("memory")]
    public async Task An_empty_list_is_saved(string store) => Assert.Equal(204, (await SaveAsync(store, "[]")).Status);

    [Theory]
    [InlineData("store")]
    [InlineData("memory")]
    public async Task A_deleted_key_is_gone_and_may_be_deleted_again(string store)
    {
        await SaveAsync(store, $$"""[{"key":"{{_mark}}","value":1}]""");
        Assert.Equal((204, ""), await DeleteAsync(store, _mark));
        Assert.Equal(204, (await GetAsync(store, _mark)).Status);
        Assert.Equal((204, ""), await DeleteAsync(store, _mark));
    }

    [Theory]
    [InlineData("store")]
    [InlineData("memory")]
    public async Task An_etag_changes_with_each_save(string store)
    {
        await SaveAsync(store, $$"""[{"key":"{{_mark}}","value":1}]""");
        var first = (await GetAsync(store, _mark)).Header("etag");
        await SaveAsync(store, $$"""[{"key":"{{_mark}}","value":1}]""");
        Assert.NotEqual(first, (await GetAsync(store, _mark)).Header("etag"));
    }

    [Theory]
    [InlineData("store")]
    [InlineData("memory")]
    public async Task A_current_etag_saves_and_deletes(string store)
    {
        await SaveAsync(store, $$"""[{"key":"{{_mark}}","value":1}]""");
        var etag = (await GetAsync(store, _mark)).Header("etag");
        Assert.Equal(204, (await SaveAsync(store, $$"""[{"key":"{{_mark}}","value":2,"etag":"{{etag}}"}]""")).Status);
        etag = (await GetAsync(store, _mark)).Header("etag");
        Assert.Equal((204, ""), await DeleteAsync(store, _mark, etag));
    }

    [Theory]
    [InlineData("store", "00000000-0000-0000-0000-000000000000")]
    [InlineData("memory", "4711")]
    public async Task A_stale_etag_is_409_and_changes_nothing(string store, string stale)
    {
        await SaveAsync(store, $$"""[{"key":"{{_mark}}","value":1}]""");
        var saved = await SaveAsync(store, $$"""[{"key":"{{_mark}}","value":2,"etag":"{{stale}}"}]""");
        Assert.Equal((409, "ERR_STATE_SAVE"), (saved.Status, saved.ErrorCode));
        var deleted = await world.CallAsync("caller", "DELETE", $"/v1.0/state/{store}/{_mark}", null, ("If-Match", stale));
        Assert.Equal((409, "ERR_STATE_DELETE"), (deleted.Status, deleted.ErrorCode));
        Assert.Equal("1", (await GetAsync(store, _mark)).Body);
    }

    [Theory]
    [InlineData("store")]
    [InlineData("memory")]
    public async Task An_etag_of_a_key_that_is_not_there_is_stale(string store)
    {
        var etag = store == "store" ? "00000000-0000-0000-0000-000000000000" : "1";
        var saved = await SaveAsync(store, $$"""[{"key":"{{_mark}}","value":2,"etag":"{{etag}}"}]""");
        Assert.Equal((409, "ERR_STATE_SAVE"), (saved.Status, saved.ErrorCode));
        Assert.Equal(204, (await GetAsync(store, _mark)).Status);
    }

    [Theory]
    [InlineData("store")]
    [InlineData("memory")]
    public async Task First_write_without_an_etag_only_inserts(string store)
    {
        var first = $$$"""[{"key":"{{{_mark}}}","value":1,"options":{"concurrency":"first-write"}}]""";
        Assert.Equal(204, (await SaveAsync(store, first)).Status);
        var second = await SaveAsync(store, first.Replace(":1,", ":2,", StringComparison.Ordinal));
        Assert.Equal((409, "ERR_STATE_SAVE"), (second.Status, second.ErrorCode));
        Assert.Equal("1", (await GetAsync(store, _mark)).Body);
    }

    [Theory]
    [InlineData("store")]
    [InlineData("memory")]
    public async Task Last_write_wins_unless_told_otherwise(string store)
    {
        await SaveAsync(store, $$"""[{"key":"{{_mark}}","value":1}]""");
        Assert.Equal(204, (await SaveAsync(store, $$$"""[{"key":"{{{_mark}}}","value":2,"options":{"concurrency":"last-write"}}]""")).Status);
        Assert.Equal("2", (await GetAsync(store, _mark)).Body);
    }

    [Theory]
    [InlineData("store")]
    [InlineData("memory")]
    public async Task What_has_a_time_to_live_tells_it_and_goes(string store)
    {
        await SaveAsync(store, $$$"""[{"key":"{{{_mark}}}","value":1,"metadata":{"ttlInSeconds":"1000"}}]""");
        var got = await GetAsync(store, _mark);
        var expires = DateTimeOffset.Parse(got.Header("metadata.ttlexpiretime")!, CultureInfo.InvariantCulture);
        Assert.InRange(expires - DateTimeOffset.UtcNow, TimeSpan.FromSeconds(900), TimeSpan.FromSeconds(1001));
        await SaveAsync(store, $$$"""[{"key":"{{{_mark}}}","value":1,"metadata":{"ttlInSeconds":"1"}}]""");
        await TestWorld.EventuallyAsync(async () => (await GetAsync(store, _mark)).Status == 204, "the item to expire");
    }

    [Theory]
    [InlineData("store", "-1")]
    [InlineData("store", "0")]
    [InlineData("memory", "-1")]
    public async Task Some_times_to_live_are_for_ever(string store, string ttl)
    {
        Assert.Equal(204, (await SaveAsync(store, $$$"""[{"key":"{{{_mark}}}","value":1,"metadata":{"ttlInSeconds":"{{{ttl}}}"}}]""")).Status);
        Assert.Null((await GetAsync(store, _mark)).Header("metadata.ttlexpiretime"));
    }

    [Theory]
    [InlineData("store", "x")]
    [InlineData("store", "1.5")]
    [InlineData("store", "-2")]
    [InlineData("memory", "x")]
    public async Task A_time_to_live_must_be_a_number_of_seconds(string store, string ttl)
    {
        var saved = await SaveAsync(store, $$$"""[{"key":"{{{_mark}}}","value":1,"metadata":{"ttlInSeconds":"{{{ttl}}}"}}]""");
        Assert.Equal((500, "ERR_STATE_SAVE"), (saved.Status, saved.ErrorCode));
        Assert.Equal(204, (await GetAsync(store, _mark)).Status);
    }

    [Theory]
    [InlineData("store")]
    [InlineData("memory")]
    public async Task The_query_may_give_the_time_to_live(string store)
    {
        await world.CallAsync("caller", "POST", $"/v1.0/state/{store}?metadata.ttlInSeconds=100", $$"""[{"key":"{{_mark}}","value":1}]""");
        Assert.NotNull((await GetAsync(store, _mark)).Header("metadata.ttlexpiretime"));
    }

    [Theory]
    [InlineData("store")]
    [InlineData("memory")]
    public async Task A_save_without_a_time_to_live_takes_the_old_one_away(string store)
    {
        await SaveAsync(store, $$$"""[{"key":"{{{_mark}}}","value":1,"metadata":{"ttlInSeconds":"100"}}]""");
        await SaveAsync(store, $$"""[{"key":"{{_mark}}","value":1}]""");
        Assert.Null((await GetAsync(store, _mark)).Header("metadata.ttlexpiretime"));
    }

    [Theory]
    [InlineData("store")]
    [InlineData("memory")]
    public async Task Many_keys_are_got_at_once(string store)
    {
        await SaveAsync(store, $$"""[{"key":"{{_mark}}1","value":{"a":1} },{"key":"{{_mark}}2","value":"two"}]""");
        var got = await world.CallAsync(
            "caller", "POST", $"/v1.0/state/{store}/bulk", $$"""{"keys":["{{_mark}}1","{{_mark}}2","{{_mark}}3"],"parallelism":2}""");
        Assert.Equal(200, got.Status);
        var items = got.Json.EnumerateArray().ToDictionary(item => item.GetProperty("key").GetString()!);
        Assert.Equal("""{"a":1}""", items[_mark + "1"].GetProperty("data").GetRawText());
        Assert.Equal("two", items[_mark + "2"].GetProperty("data").GetString());
        Assert.NotEmpty(items[_mark + "2"].GetProperty("etag").GetString()!);
        Assert.False(items[_mark + "3"].TryGetProperty("data", out _));
    }

    [Theory]
    [InlineData("""{"keys":[]}""")]
    [InlineData("{}")]
    public async Task No_keys_get_an_empty_list(string body)
    {
        var got = await world.CallAsync("caller", "POST", "/v1.0/state/store/bulk", body);
        Assert.Equal((200, "[]"), (got.Status, got.Body.Trim()));
    }

    [Theory]
    [InlineData("store")]
    [InlineData("memory")]
    public async Task A_transaction_writes_all(string store)
    {
        await SaveAsync(store, $$"""[{"key":"{{_mark}}1","value":1}]""");
        var done = await TransactAsync(store, $$$"""
            {"operations":[
              {"operation":"delete","request":{"key":"{{{_mark}}}1"}},
              {"operation":"upsert","request":{"key":"{{{_mark}}}2","value":2}},
              {"operation":"upsert","request":{"key":"{{{_mark}}}3","value":{"a":3} }}]}
            """);
        Assert.Equal((204, ""), (done.Status, done.Body));
        Assert.Equal(204, (await GetAsync(store, _mark + "1")).Status);
        Assert.Equal("2", (await GetAsync(store, _mark + "2")).Body);
        Assert.Equal("""{"a":3}""", (await GetAsync(store, _mark + "3")).Body);
    }

    [Theory]
    [InlineData("store", "00000000-0000-0000-0000-000000000000")]
    [InlineData("memory", "4711")]
    public async Task A_stale_etag_in_a_transaction_leaves_all_as_it_was(string store, string stale)
    {
        await SaveAsync(store, $$"""[{"key":"{{_mark}}1","value":1}]""");
        var done = await TransactAsync(store, $$$"""
            {"operations":[
              {"operation":"upsert","request":{"key":"{{{_mark}}}2","value":2}},
              {"operation":"upsert","request":{"key":"{{{_mark}}}1","value":2,"etag":"{{{stale}}}"}}]}
            """);
        Assert.Equal((500, "ERR_STATE_TRANSACTION"), (done.Status, done.ErrorCode));
        Assert.Equal("1", (await GetAsync(store, _mark + "1")).Body);
        Assert.Equal(204, (await GetAsync(store, _mark + "2")).Status);
    }

    [Theory]
    [InlineData("""{"operations":[]}""", 204)]
    [InlineData("{}", 204)]
    public async Task A_transaction_of_nothing_is_done(string body, int status) =>
        Assert.Equal(status, (await TransactAsync("store", body)).Status);

    [Fact]
    public async Task A_transaction_takes_its_time_to_live_from_each_operation()
    {
        await TransactAsync("store", $$$$"""
            {"operations":[{"operation":"upsert","request":{"key":"{{{{_mark}}}}","value":1,"metadata":{"ttlInSeconds":"100"}}}]}
            """);
        Assert.NotNull((await GetAsync("store", _mark)).Header("metadata.ttlexpiretime"));
    }

    [Fact]
    public async Task Apps_do_not_see_each_other_s_keys()
    {
        await SaveAsync("store", $$"""[{"key":"{{_mark}}","value":1}]""");
        Assert.Equal(204, (await world.CallAsync("echo", "GET", $"/v1.0/state/store/{_mark}")).Status);
    }

    [Fact]
    public async Task Apps_share_keys_in_a_store_without_a_prefix()
    {
        await SaveAsync("shared", $$"""[{"key":"{{_mark}}","value":1}]""");
        Assert.Equal("1", (await world.CallAsync("echo", "GET", $"/v1.0/state/shared/{_mark}")).Body);
    }

    [Theory]
    [InlineData("GET", "/v1.0/state/nothing/a", null, 400, "ERR_STATE_STORE_NOT_FOUND", "state store nothing is not found")]
    [InlineData("POST", "/v1.0/state/nothing", "[]", 400, "ERR_STATE_STORE_NOT_FOUND", "state store nothing is not found")]
    [InlineData("DELETE", "/v1.0/state/nothing/a", null, 400, "ERR_STATE_STORE_NOT_FOUND", "state store nothing is not found")]
    [InlineData("POST", "/v1.0/state/nothing/bulk", "{}", 400, "ERR_STATE_STORE_NOT_FOUND", "state store nothing is not found")]
    [InlineData("POST", "/v1.0/state/nothing/transaction", "{}", 400, "ERR_STATE_STORE_NOT_FOUND", "state store nothing is not found")]
    [InlineData("GET", "/v1.0/state/foreign/a", null, 400, "ERR_STATE_STORE_NOT_FOUND", "state store foreign is not found")]
    [InlineData("GET", "/v1.0/state/pubsub/a", null, 400, "ERR_STATE_STORE_NOT_FOUND", "state store pubsub is not found")]
    [InlineData("POST", "/v1.0/state/store", "", 400, "ERR_MALFORMED_REQUEST", null)]
    [InlineData("POST", "/v1.0/state/store", "{", 400, "ERR_MALFORMED_REQUEST", null)]
    [InlineData("POST", "/v1.0/state/store", "{}", 400, "ERR_MALFORMED_REQUEST", null)]
    [InlineData("POST", "/v1.0/state/store", "\"x\"", 400, "ERR_MALFORMED_REQUEST", null)]
    [InlineData("POST", "/v1.0/state/store", "[1]", 400, "ERR_MALFORMED_REQUEST", null)]
    [InlineData("POST", "/v1.0/state/store", "[{\"key\":1}]", 400, "ERR_MALFORMED_REQUEST", null)]
    [InlineData("POST", "/v1.0/state/store", "[{}]", 400, "ERR_MALFORMED_REQUEST", "\"key\" is a required field")]
    [InlineData("POST", "/v1.0/state/store", "[{\"key\":\"\"}]", 400, "ERR_MALFORMED_REQUEST", "\"key\" is a required field")]
    [InlineData("POST", "/v1.0/state/store", "[{\"key\":\"a||b\",\"value\":1}]", 400, "ERR_MALFORMED_REQUEST",
        "api error: code = InvalidArgument desc = input key/keyPrefix 'a||b' can't contain '||'")]
    [InlineData("GET", "/v1.0/state/store/a%7C%7Cb", null, 400, "ERR_MALFORMED_REQUEST", "api error: code = InvalidArgument desc = input key/keyPrefix 'a||b' can't contain '||'")]
    [InlineData("POST", "/v1.0/state/store/bulk", "[", 400, "ERR_MALFORMED_REQUEST", null)]
    [InlineData("POST", "/v1.0/state/store/transaction", "x", 400, "ERR_MALFORMED_REQUEST", null)]
    [InlineData("POST", "/v1.0/state/store/transaction", "{\"operations\":[{\"operation\":\"read\",\"request\":{\"key\":\"a\"}}]}", 400,
        "ERR_NOT_SUPPORTED_STATE_OPERATION", "operation type read not supported")]
    [InlineData("POST", "/v1.0/state/store", "[{\"key\":\"a\",\"value\":1,\"options\":{\"concurrency\":\"never\"}}]", 500, "ERR_STATE_SAVE", null)]
    [InlineData("POST", "/v1.0/state/store", "[{\"key\":\"a\",\"value\":1,\"options\":{\"consistency\":\"never\"}}]", 500, "ERR_STATE_SAVE", null)]
    [InlineData("POST", "/v1.0-alpha1/state/store/query", "{}", 500, "ERR_STATE_STORE_NOT_SUPPORTED", null)]
    [InlineData("POST", "/v1.0-alpha1/state/nothing/query", "{}", 400, "ERR_STATE_STORE_NOT_FOUND", null)]
    public async Task Bad_requests_get_daprd_s_errors(string verb, string target, string? body, int status, string code, string? message)
    {
        var answer = await world.CallAsync("caller", verb, target, body);
        Assert.Equal((status, code), (answer.Status, answer.ErrorCode));
        if (message is not null) Assert.Equal(message, answer.Message);
    }

    [Theory]
    [InlineData("PATCH", "/v1.0/state/store", 404)]
    [InlineData("GET", "/v1.0/state/store", 404)]
    [InlineData("POST", "/v1.0/state/store/key", 404)]
    [InlineData("GET", "/v1.0/state/store/a/b", 404)]
    public async Task Other_verbs_and_paths_are_not_state(string verb, string target, int status) =>
        Assert.Equal(status, (await world.CallAsync("caller", verb, target)).Status);

    private Task<Answer> SaveAsync(string store, string body) => world.CallAsync("caller", "POST", $"/v1.0/state/{store}", body);

    private Task<Answer> GetAsync(string store, string key) => world.CallAsync("caller", "GET", $"/v1.0/state/{store}/{key}");

    private Task<Answer> TransactAsync(string store, string body) =>
        world.CallAsync("caller", "POST", $"/v1.0/state/{store}/transaction", body);

    private async Task<(int, string)> DeleteAsync(string store, string key, string? etag = null)
    {
        var answer = etag is null
            ? await world.CallAsync("caller", "DELETE", $"/v1.0/state/{store}/{key}")
            : await world.CallAsync("caller", "DELETE", $"/v1.0/state/{store}/{key}", null, ("If-Match", etag));
        return (answer.Status, answer.Body);
    }
}
