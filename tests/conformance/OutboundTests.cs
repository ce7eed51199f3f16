using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Conformance.Tests.Sidecars;
using DaprShop.Local.Storage;
using Grpc.Core;
using DaprClient = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace DaprShop.Conformance.Tests;

/// <summary>
/// Policies of <c>Resiliency</c> files around calls of state stores, secret stores and brokers. A file of SQLite that somebody else has
/// locked fails its writes; a breaker that has opened shows how often a call was tried.
/// </summary>
public sealed class OutboundTests(TestWorld world)
{
    private const string Open = "circuit breaker is open";
    private const string Late = "context deadline exceeded";
    private const string MixesUp =
        "of many writes daprd mixes up which to try again when more than one fails twice, and may answer 204 for one it never made";

    private readonly string _mark = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task A_save_is_tried_again_while_the_store_is_locked()
    {
        Task<Answer> save;
        using (Lock("busy"))
        {
            save = SaveAsync("caller", "busy", "\"patient\"");
            // Without a policy it fails after 20 ms.
            await Task.Delay(300);
            Assert.False(save.IsCompleted);
        }

        Assert.Equal(204, (await save).Status);
        Assert.Equal("\"patient\"", (await GetAsync("caller", "busy")).Body);
    }

    [Fact]
    public async Task A_save_of_many_is_tried_again_whole()
    {
        world.NotOnDaprd(MixesUp);
        Task<Answer> save;
        using (Lock("busy"))
        {
            save = world.CallAsync(
                "caller", "POST", "/v1.0/state/busy", Filled("""[{"key":"KEY-a","value":1},{"key":"KEY-b","value":2}]"""));
            await Task.Delay(300);
        }

        Assert.Equal(204, (await save).Status);
        var got = await world.CallAsync("caller", "POST", "/v1.0/state/busy/bulk", $$"""{"keys":["{{_mark}}-a","{{_mark}}-b"]}""");
        Assert.Equal([1, 2], got.Json.EnumerateArray().Select(item => item.GetProperty("data").GetInt32()).Order());
    }

    [Fact]
    public async Task Of_many_those_are_tried_again_whose_etag_fits()
    {
        world.NotOnDaprd(MixesUp);
        Task<Answer> save;
        using (Lock("busy"))
        {
            save = world.CallAsync(
                "caller", "POST", "/v1.0/state/busy", Filled("""[{"key":"KEY-stale","value":1,"etag":"7"},{"key":"KEY","value":2}]"""));
            await Task.Delay(100);
        }

        Assert.Equal((409, "ERR_STATE_SAVE"), ((await save).Status, (await save).ErrorCode));
        Assert.Equal("2", (await GetAsync("caller", "busy")).Body);
    }

    [Fact]
    public async Task What_fails_to_the_end_fails_as_it_would_without_a_policy()
    {
        using var locked = Lock("short");
        var answer = await SaveAsync("caller", "short", "1");
        Assert.Equal((500, "ERR_STATE_SAVE"), (answer.Status, answer.ErrorCode));
        Assert.StartsWith("failed saving state in state store short: ", answer.Message, StringComparison.Ordinal);
        Assert.Contains("database is locked", answer.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST", "", """[{"key":"KEY","value":1}]""", "ERR_STATE_SAVE", "failed saving state in state store slow: ")]
    [InlineData(
        "POST", "", """[{"key":"KEY","value":1},{"key":"KEY-2","value":2}]""", "ERR_STATE_SAVE",
        "failed saving state in state store slow: ")]
    [InlineData("DELETE", "/KEY", null, "ERR_STATE_DELETE", "failed deleting state with key KEY: ")]
    [InlineData(
        "POST", "/transaction", """{"operations":[{"operation":"upsert","request":{"key":"KEY","value":1}}]}""",
        "ERR_STATE_TRANSACTION", "error while executing state transaction: ")]
    public async Task A_write_that_takes_too_long_is_given_up(string verb, string path, string? body, string code, string words)
    {
        using var locked = Lock("slow");
        var answer = await world.CallAsync("caller", verb, "/v1.0/state/slow" + Filled(path), Filled(body));
        Assert.Equal((500, code, Filled(words) + Late), (answer.Status, answer.ErrorCode, answer.Message));
    }

    [Fact]
    public async Task A_write_that_was_given_up_is_not_made_later()
    {
        using (Lock("slow")) Assert.Equal(500, (await SaveAsync("caller", "slow", "1")).Status);
        await TestWorld.EventuallyAsync(
            async () => (await world.CallAsync("caller", "POST", "/v1.0/state/slow", """[{"key":"another","value":1}]""")).Status == 204,
            "the lock to be gone");
        // A read has as little time as a write.
        await TestWorld.EventuallyAsync(async () => (await GetAsync("caller", "slow")).Status == 204, "an answer that nothing is there");
    }

    [Fact]
    public async Task Grpc_hears_of_it_in_the_same_words()
    {
        using var locked = Lock("slow");
        var request = new SaveStateRequest { StoreName = "slow", States = { new StateItem { Key = _mark } } };
        var error = await Assert.ThrowsAsync<RpcException>(async () => await Dapr("caller").SaveStateAsync(request));
        Assert.Equal((StatusCode.Internal, $"failed saving state in state store slow: {Late}"), (error.StatusCode, error.Status.Detail));
    }

    [Fact]
    public async Task An_open_breaker_refuses_every_call_of_the_store_and_of_no_other_app()
    {
        // One failure and two more tries: the breaker opens with the third.
        var delete = await world.CallAsync("caller", "DELETE", $"/v1.0/state/brittle/{_mark}", null, ("If-Match", "7"));
        Assert.Equal((409, "ERR_STATE_DELETE"), (delete.Status, delete.ErrorCode));

        var get = await GetAsync("caller", "brittle");
        var words = $"fail to get {_mark} from state store brittle: {Open}";
        Assert.Equal((500, "ERR_STATE_GET", words), (get.Status, get.ErrorCode, get.Message));
        var bulk = await world.CallAsync("caller", "POST", "/v1.0/state/brittle/bulk", $$"""{"keys":["{{_mark}}"]}""");
        Assert.Equal((500, "ERR_STATE_BULK_GET", Open), (bulk.Status, bulk.ErrorCode, bulk.Message));
        var save = await SaveAsync("caller", "brittle", "1");
        Assert.Equal((500, $"failed saving state in state store brittle: {Open}"), (save.Status, save.Message));
        var again = await world.CallAsync("caller", "DELETE", $"/v1.0/state/brittle/{_mark}", null, ("If-Match", "7"));
        Assert.Equal((500, $"failed deleting state with key {_mark}: {Open}"), (again.Status, again.Message));
        var all = await world.CallAsync("caller", "POST", "/v1.0/state/brittle/transaction", Delete("7"));
        Assert.Equal((500, $"error while executing state transaction: {Open}"), (all.Status, all.Message));
        var error = await Assert.ThrowsAsync<RpcException>(
            async () => await Dapr("caller").GetStateAsync(new GetStateRequest { StoreName = "brittle", Key = _mark }));
        Assert.Equal((StatusCode.Internal, words), (error.StatusCode, error.Status.Detail));

        Assert.Equal(204, (await GetAsync("echo", "brittle")).Status);
    }

    [Theory]
    [InlineData("""[{"key":"KEY","value":1,"etag":"7"}]""")]
    [InlineData("""[{"key":"KEY","value":1,"etag":"7"},{"key":"KEY-2","value":1,"etag":"7"}]""")]
    public async Task A_save_with_a_stale_etag_is_not_tried_again(string body)
    {
        var save = await world.CallAsync("echo", "POST", "/v1.0/state/brittle", Filled(body));
        Assert.Equal((409, "ERR_STATE_SAVE"), (save.Status, save.ErrorCode));
        Assert.Equal(204, (await GetAsync("echo", "brittle")).Status);
    }

    [Fact]
    public async Task A_transaction_with_a_stale_etag_is()
    {
        var all = await world.CallAsync("events", "POST", "/v1.0/state/brittle/transaction", Delete("7"));
        Assert.Equal((500, "ERR_STATE_TRANSACTION"), (all.Status, all.ErrorCode));
        Assert.EndsWith(Open, (await GetAsync("events", "brittle")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_that_is_missing_is_a_failure_like_any_other()
    {
        var missing = await world.CallAsync("caller", "GET", $"/v1.0/secrets/vault/{_mark}");
        Assert.Equal((500, "ERR_SECRET_GET"), (missing.Status, missing.ErrorCode));
        Assert.DoesNotContain(Open, missing.Message, StringComparison.Ordinal);

        var present = await world.CallAsync("caller", "GET", "/v1.0/secrets/vault/plain");
        Assert.Equal(
            (500, "ERR_SECRET_GET", $"failed getting secret with key plain from secret store vault: {Open}"),
            (present.Status, present.ErrorCode, present.Message));
        var bulk = await world.CallAsync("caller", "GET", "/v1.0/secrets/vault/bulk");
        Assert.Equal((500, $"failed getting secrets from secret store vault: {Open}"), (bulk.Status, bulk.Message));
        var request = new GetSecretRequest { StoreName = "vault", Key = "plain" };
        var error = await Assert.ThrowsAsync<RpcException>(async () => await Dapr("caller").GetSecretAsync(request));
        Assert.Equal((StatusCode.Internal, present.Message), (error.StatusCode, error.Status.Detail));
    }

    [Fact]
    public async Task A_default_policy_is_for_components_of_its_kind_that_have_none()
    {
        Assert.Equal(500, (await world.CallAsync("flaky", "GET", $"/v1.0/secrets/files/{_mark}")).Status);
        Assert.EndsWith(Open, (await world.CallAsync("flaky", "GET", "/v1.0/secrets/files/plain")).Message, StringComparison.Ordinal);
        Assert.Equal(409, (await world.CallAsync("flaky", "DELETE", $"/v1.0/state/memory/{_mark}", null, ("If-Match", "7"))).Status);
        Assert.Equal(204, (await GetAsync("flaky", "memory")).Status);
    }

    [Fact]
    public async Task A_broker_has_one_breaker_for_what_comes_and_what_goes()
    {
        async Task<Answer> PublishAsync() => await world.CallAsync("events", "POST", "/v1.0/publish/tight/refused", """{"status":500}""");
        Assert.Equal(204, (await PublishAsync()).Status);
        await TestWorld.EventuallyAsync(async () => (await PublishAsync()).Status == 500, "the breaker to open");
        var refused = await PublishAsync();
        Assert.Equal(
            (500, "ERR_PUBSUB_PUBLISH_MESSAGE", $"error when publishing to topic refused in pubsub tight: {Open}"),
            (refused.Status, refused.ErrorCode, refused.Message));
        var bulk = await world.CallAsync("events", "POST", "/v1.0/publish/bulk/tight/refused", """
            [{"entryId":"1","event":"a","contentType":"text/plain"},{"entryId":"2","event":"b","contentType":"text/plain"}]
            """);
        Assert.Equal(500, bulk.Status);
        Assert.Equal(
            [("1", Open), ("2", Open)],
            bulk.Json.GetProperty("failedEntries").EnumerateArray()
                .Select(entry => (entry.GetProperty("entryId").GetString(), entry.GetProperty("error").GetString())).Order());
        var request = new PublishEventRequest { PubsubName = "tight", Topic = "refused" };
        var error = await Assert.ThrowsAsync<RpcException>(async () => await Dapr("events").PublishEventAsync(request));
        Assert.Equal((StatusCode.Internal, refused.Message), (error.StatusCode, error.Status.Detail));
    }

    /// <summary>Nobody else writes to the component's file until this is disposed of.</summary>
    private SqliteDatabase Lock(string store)
    {
        var db = new SqliteDatabase(Path.Combine(world.Folder, store + ".db"), TimeSpan.FromMinutes(1));
        db.Execute("BEGIN IMMEDIATE");
        return db;
    }

    private DaprClient Dapr(string app) => new(world.Grpc(app));

    private Task<Answer> SaveAsync(string app, string store, string value) =>
        world.CallAsync(app, "POST", $"/v1.0/state/{store}", $$"""[{"key":"{{_mark}}","value":{{value}}}]""");

    private Task<Answer> GetAsync(string app, string store) => world.CallAsync(app, "GET", $"/v1.0/state/{store}/{_mark}");

    private string Delete(string etag) =>
        $$$"""{"operations":[{"operation":"delete","request":{"key":"{{{_mark}}}","etag":"{{{etag}}}"}}]}""";

    [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(text))]
    private string? Filled(string? text) => text?.Replace("KEY", _mark, StringComparison.Ordinal);
}
