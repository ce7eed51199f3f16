using System.Net;

namespace DaprShop.Containers.Tests;

/// <summary>Each service's image on its own, without a sidecar, a shell, or anything it could write to.</summary>
public sealed class ImageTests(Images images)
{
    private static readonly string[] s_secrets =
    [
        "APP_API_TOKEN=a-token", "DAPR_API_TOKEN=a-token", "Shop__StaffPassword=Not-the-default-1!",
        "Members__KeyProtection=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "Web__KeyProtection=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    ];

    /// <summary>Those that need what is in their store before they can serve.</summary>
    private static readonly string[] s_needTheirStore = ["members", "catalog", "web"];

    [Theory]
    [MemberData(nameof(Images.Services), MemberType = typeof(Images))]
    public async Task It_runs_as_nobody_in_particular_writes_nothing_and_says_how_it_is(string service)
    {
        images.Require();
        Assert.Equal("1654", await Docker.InspectAsync(Images.Of(service), "{{.Config.User}}"));
        Assert.Equal($"daprshop-{service}", await Docker.InspectAsync(Images.Of(service), "{{index .Config.Labels \"org.opencontainers.image.title\"}}"));
        await using var container = await Container.StartAsync(service, s_secrets);

        var health = await container.HealthAsync();

        Assert.Equal(s_needTheirStore.Contains(service) ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK, health);
        var check = await Docker.TryAsync(["exec", container.Id, "dotnet", "/health/DaprShop.HealthCheck.dll"]);
        Assert.Equal(health == HttpStatusCode.OK ? 0 : 1, check.ExitCode);
        Assert.Empty(await Docker.RunAsync("diff", container.Id));
        await Docker.RunAsync("stop", "--time", "60", container.Id);
        Assert.Equal("0", await Docker.InspectAsync(container.Id, "{{.State.ExitCode}}"));
        Assert.DoesNotContain("Read-only file system", await container.LogsAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ordering", "APP_API_TOKEN")]
    [InlineData("members", "Shop__StaffPassword")]
    [InlineData("members", "Members__KeyProtection")]
    [InlineData("web", "Web__KeyProtection")]
    public async Task Without_a_secret_it_ends_and_says_which(string service, string secret)
    {
        images.Require();
        await using var container = await Container.StartAsync(service, s_secrets.Where(pair => !pair.StartsWith(secret, StringComparison.Ordinal)));

        Assert.NotEqual("0", (await Docker.RunAsync("wait", container.Id)).Trim());

        Assert.Contains($"{secret} is required outside development.", await container.LogsAsync(), StringComparison.Ordinal);
    }

    /// <summary>As docker-compose.yml would run it, but alone, with its port open to the test.</summary>
    private sealed class Container : IAsyncDisposable
    {
        private static readonly HttpClient s_http = new() { Timeout = TimeSpan.FromMinutes(1) };

        private readonly int _port;

        private Container(string id, int port) => (Id, _port) = (id, port);

        public string Id { get; }

        public static async Task<Container> StartAsync(string service, IEnumerable<string> environment)
        {
            var port = Docker.FreePort();
            string[] run =
            [
                "run", "--detach", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--memory", "256m",
                "--publish", $"127.0.0.1:{port}:8080", .. environment.SelectMany(pair => new[] { "--env", pair }), Images.Of(service),
            ];
            return new Container((await Docker.RunAsync(run)).Trim(), port);
        }

        /// <summary>What /healthz answers once the port is open.</summary>
        public async Task<HttpStatusCode> HealthAsync()
        {
            for (var tries = 0; ; tries++)
            {
                try
                {
                    using var answer = await s_http.GetAsync($"http://127.0.0.1:{_port}/healthz");
                    return answer.StatusCode;
                }
                catch (HttpRequestException) when (tries < 1200)
                {
                    if (await Docker.InspectAsync(Id, "{{.State.Running}}") != "true") Assert.Fail(await LogsAsync());
                    await Task.Delay(100);
                }
            }
        }

        public async Task<string> LogsAsync()
        {
            var logs = await Docker.TryAsync(["logs", Id]);
            return logs.Text + logs.Errors;
        }

        public async ValueTask DisposeAsync() => await Docker.RunAsync("rm", "--force", Id);
    }
}
