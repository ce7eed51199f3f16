using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Conformance.Tests.Sidecars;
using DaprClient = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace DaprShop.Conformance.Tests;

/// <summary>Bindings over HTTP: https://docs.dapr.io/reference/api/bindings_api/</summary>
public sealed class BindingTests(TestWorld world)
{
    [Theory]
    [InlineData("/tick", "POST")]
    [InlineData("/cron/tock", "OPTIONS")]
    public async Task Cron_ticks_for_an_app_that_need_not_be_asked_or_says_yes(string route, string first)
    {
        var heard = await world["events"].HeardAsync(heard => heard.Path == route, 3);
        Assert.Equal(first, heard[0].Method);
        Assert.All(heard.Skip(1), tick => Assert.Equal(("POST", ""), (tick.Method, tick.Text)));
        Assert.Equal(TestWorld.AppToken, heard[1].Headers["dapr-api-token"]);
    }

    [Theory]
    [InlineData("timezone")]
    [InlineData("readtimeutc")]
    public async Task A_tick_tells_the_time(string header)
    {
        var heard = await world["events"].HeardAsync(heard => heard is { Path: "/tick", Method: "POST" });
        Assert.Contains(header, heard[0].Headers.Keys);
        Assert.Equal("Local", heard[0].Headers["timezone"]);
    }

    [Theory]
    [InlineData("get", "GET")]
    [InlineData("create", "POST")]
    [InlineData("post", "POST")]
    [InlineData("put", "PUT")]
    [InlineData("patch", "PATCH")]
    [InlineData("delete", "DELETE")]
    [InlineData("options", "OPTIONS")]
    public async Task Http_calls_with_the_operation_s_verb(string operation, string verb)
    {
        var answer = await InvokeAsync("web", $$"""{"operation":"{{operation}}","data":"words"}""");
        Assert.Equal(200, answer.Status);
        Assert.Equal(verb, answer.Json.GetProperty("method").GetString());
    }

    [Theory]
    [InlineData("{\"operation\":\"post\",\"data\":{\"a\":1}}", "{\"a\":1}")]
    [InlineData("{\"operation\":\"post\",\"data\":\"words\"}", "\"words\"")]
    [InlineData("{\"operation\":\"post\"}", "null")]
    public async Task Http_sends_the_data(string body, string sent) =>
        Assert.Equal(sent, (await InvokeAsync("web", body)).Json.GetProperty("body").GetString());

    [Theory]
    [InlineData("\"path\":\"/more?x=1\"", "/bound/more?x=1")]
    [InlineData("\"path\":\"more\"", "/bound/more")]
    public async Task Http_takes_a_path(string metadata, string target)
    {
        var answer = await InvokeAsync("web", $$$"""{"operation":"get","metadata":{{{{metadata}}}}}""");
        Assert.Equal(target, answer.Json.GetProperty("target").GetString());
    }

    [Theory]
    [InlineData("\"X-Own\":\"mine\"", "x-own", "mine")]
    [InlineData("\"X-Own\":\"other\",\"X-Own\":\"mine\"", "x-own", "mine")]
    [InlineData("\"X-Own\":\"Jürgen\"", "x-own", "Jürgen")]
    [InlineData("\"Content-Type\":\"text/plain\"", "content-type", "text/plain")]
    [InlineData("\"nothing\":\"\"", "content-type", "application/json; charset=utf-8")]
    [InlineData("\"nothing\":\"\"", "accept", "application/json; charset=utf-8")]
    [InlineData("\"nothing\":\"\"", "user-agent", "Go-http-client/1.1")]
    [InlineData("\"nothing\":\"\"", "accept-encoding", "gzip")]
    [InlineData("\"User-Agent\":\"mine\"", "user-agent", "mine")]
    [InlineData("\"ACCEPT\":\"text/html\"", "accept", "text/html")]
    [InlineData("\"Content-type\":\"text/plain\"", "content-type", "text/plain")]
    [InlineData("\"Content-Language\":\"de\"", "content-language", "de")]
    [InlineData("\"Content-Length\":\"9\"", "content-length", "1")]
    [InlineData("\"Expires\":\"never\"", "expires", "never")]
    public async Task Http_sends_metadata_that_begins_large_as_headers(string metadata, string name, string value)
    {
        var answer = await InvokeAsync("web", $$$"""{"operation":"post","data":1,"metadata":{{{{metadata}}}}}""");
        Assert.Equal(value, answer.Json.GetProperty("headers").GetProperty(name).GetString());
    }

    [Theory]
    [InlineData("\"nothing\":\"\"", "open sesame")]
    [InlineData("\"X-Cave\":\"mine\"", "mine")]
    public async Task Http_shows_its_token(string metadata, string shown)
    {
        var answer = await InvokeAsync("web-strict", $$$"""{"operation":"get","metadata":{{{{metadata}}}}}""");
        Assert.Equal(shown, answer.Json.GetProperty("headers").GetProperty("x-cave").GetString());
    }

    [Fact]
    public async Task Http_takes_no_host_from_metadata()
    {
        var answer = await InvokeAsync("web", """{"operation":"get","metadata":{"Host":"elsewhere"}}""");
        Assert.Equal($"127.0.0.1:{world["echo"].Port}", answer.Json.GetProperty("headers").GetProperty("host").GetString());
    }

    [Theory]
    [InlineData("X Own", "mine", "net/http: invalid header field name \"X Own\"")]
    [InlineData("X-own", "mi\\nne", "net/http: invalid header field value for \"X-Own\"")]
    public async Task Http_sends_no_header_that_is_none(string name, string value, string problem)
    {
        var answer = await InvokeAsync("web", $$$"""{"operation":"get","metadata":{"{{{name}}}":"{{{value}}}"}}""");
        Assert.Equal(
            (500, $"error invoking output binding web: Get \"http://127.0.0.1:{world["echo"].Port}/bound\": {problem}"),
            (answer.Status, answer.Message));
    }

    [Theory]
    [InlineData("put", 301, "GET", "")]
    [InlineData("patch", 302, "GET", "")]
    [InlineData("delete", 303, "GET", "")]
    [InlineData("put", 307, "PUT", "[1]")]
    [InlineData("post", 308, "POST", "[1]")]
    public async Task Http_goes_where_it_is_sent(string operation, int status, string verb, string body)
    {
        var answer = await InvokeAsync("web", $$$"""
            {"operation":"{{{operation}}}","data":[1],
             "metadata":{"Authorization":"me","path":"?status={{{status}}}&header=location:/bound/there"} }
            """);
        Assert.Equal(200, answer.Status);
        var heard = answer.Json;
        Assert.Equal(
            (verb, "/bound/there", body),
            (heard.GetProperty("method").GetString(), heard.GetProperty("target").GetString(), heard.GetProperty("body").GetString()));
        Assert.Equal("me", heard.GetProperty("headers").GetProperty("authorization").GetString());
    }

    [Fact]
    public async Task Http_does_not_go_in_circles()
    {
        var answer = await InvokeAsync("web", """{"operation":"get","metadata":{"path":"?status=302&header=location:%23"}}""");
        Assert.Equal(500, answer.Status);
        Assert.EndsWith("stopped after 10 redirects", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Http_cuts_off_what_is_too_long()
    {
        var answer = await InvokeAsync("web-strict", $$$"""{"operation":"get","metadata":{"path":"?body={{{new string('x', 3000)}}}"}}""");
        Assert.Equal((200, 1024), (answer.Status, answer.Body.Length));
    }

    [Fact]
    public async Task Http_waits_for_months_if_it_must() =>
        Assert.Equal(200, (await InvokeAsync("web-patient", """{"operation":"get"}""")).Status);

    [Fact]
    public async Task Http_does_not_wait_longer_than_it_may()
    {
        var answer = await InvokeAsync("web-late", """{"operation":"get","metadata":{"path":"slow/late"}}""");
        Assert.Equal(
            (500, $"error invoking output binding web-late: Get \"http://127.0.0.1:{world["flaky"].Port}/slow/late\": context deadline exceeded"),
            (answer.Status, answer.Message));
    }

    [Fact]
    public async Task Http_tells_that_nobody_listens()
    {
        var answer = await InvokeAsync("web-away", """{"operation":"create","data":1}""");
        Assert.Equal(
            (500, "error invoking output binding web-away: Post \"http://127.0.0.1:1/x\": dial tcp 127.0.0.1:1: connect: connection refused"),
            (answer.Status, answer.Message));
    }

    [Fact]
    public async Task Http_tells_headers_by_their_names_in_go()
    {
        var answer = await new DaprClient(world.Grpc("caller")).InvokeBindingAsync(
            new InvokeBindingRequest { Name = "web", Operation = "get", Metadata = { ["path"] = "?header=x-oWN:mine" } });
        Assert.Equal("mine", answer.Metadata["X-Own"]);
        Assert.DoesNotContain("Transfer-Encoding", answer.Metadata.Keys);
    }

    [Fact]
    public async Task Http_tells_status_and_headers()
    {
        var answer = await InvokeAsync("web", """{"operation":"get","metadata":{"path":"?status=201&header=x-own:mine&body=words"}}""");
        Assert.Equal((200, "words"), (answer.Status, answer.Body));
        Assert.Equal(("201", "201 Created", "mine"),
            (answer.Header("metadata.statuscode"), answer.Header("metadata.status"), answer.Header("metadata.x-own")));
    }

    [Fact]
    public async Task Http_tells_headers_in_utf_8()
    {
        var answer = await InvokeAsync("web", """{"operation":"get","metadata":{"path":"?header=x-own:J%C3%BCrgen"}}""");
        Assert.Equal((200, "Jürgen"), (answer.Status, answer.Header("metadata.x-own")));
    }

    [Fact]
    public async Task Http_takes_a_bad_status_for_an_error()
    {
        var answer = await InvokeAsync("web", """{"operation":"get","metadata":{"path":"?status=418"}}""");
        Assert.Equal((500, "ERR_INVOKE_OUTPUT_BINDING"), (answer.Status, answer.ErrorCode));
        Assert.Equal("error invoking output binding web: received status code 418", answer.Message);
        Assert.Equal("418", answer.Header("metadata.statuscode"));
    }

    [Theory]
    [InlineData("web-tolerant", "{\"operation\":\"get\",\"metadata\":{\"path\":\"?status=418\"}}")]
    [InlineData("web", "{\"operation\":\"get\",\"metadata\":{\"path\":\"?status=418\",\"errorIfNot2XX\":\"false\"}}")]
    public async Task Unless_told_otherwise(string binding, string body)
    {
        var answer = await InvokeAsync(binding, body);
        Assert.Equal((200, "418"), (answer.Status, answer.Header("metadata.statuscode")));
    }

    [Fact]
    public async Task Smtp_sends_mail()
    {
        var mark = Guid.NewGuid().ToString("N");
        var answer = await InvokeAsync(
            "mail", $$$"""{"operation":"create","data":"<b>{{{mark}}}</b>","metadata":{"emailTo":"bob@example.com;eve@example.com","subject":"hello"}}""");
        Assert.Equal((204, ""), (answer.Status, answer.Body));
        var message = world.Mail.Messages.Single(message => message.Contains(mark, StringComparison.Ordinal));
        Assert.Contains("MAIL FROM:<shop@example.com>", message, StringComparison.Ordinal);
        Assert.Contains("RCPT TO:<bob@example.com>", message, StringComparison.Ordinal);
        Assert.Contains("RCPT TO:<eve@example.com>", message, StringComparison.Ordinal);
        Assert.Contains("Subject: hello", message, StringComparison.Ordinal);
        Assert.Contains("text/html", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nothing", "{\"operation\":\"get\"}", 500, "ERR_INVOKE_OUTPUT_BINDING", "error invoking output binding nothing: couldn't find output binding nothing")]
    [InlineData("tick", "{\"operation\":\"get\"}", 500, "ERR_INVOKE_OUTPUT_BINDING", "error invoking output binding tick: couldn't find output binding tick")]
    [InlineData("web", "{}", 500, "ERR_INVOKE_OUTPUT_BINDING", "error invoking output binding web: operation field is missing from request")]
    [InlineData("web", "{\"operation\":\"fly\"}", 500, "ERR_INVOKE_OUTPUT_BINDING", null)]
    [InlineData("web", "{", 400, "ERR_MALFORMED_REQUEST", null)]
    [InlineData("web", "[]", 400, "ERR_MALFORMED_REQUEST", null)]
    [InlineData("web", "", 400, "ERR_MALFORMED_REQUEST", null)]
    public async Task Bad_requests_get_daprd_s_errors(string binding, string body, int status, string code, string? message)
    {
        var answer = await InvokeAsync(binding, body);
        Assert.Equal((status, code), (answer.Status, answer.ErrorCode));
        if (message is not null) Assert.Equal(message, answer.Message);
    }

    private Task<Answer> InvokeAsync(string binding, string body) => world.CallAsync("caller", "POST", $"/v1.0/bindings/{binding}", body);
}
