// The control interface of the emulator.

using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace EpiCloud.Interop.Tests
{
    internal sealed class EmulatorControl
    {
        private readonly Uri control;

        internal EmulatorControl(string endpoint)
        {
            control = new Uri(new Uri(endpoint), "/__control/");
        }

        internal Dictionary<string, object> Send(string method, string path, string body)
        {
            using (StreamReader answer = Ask(method, path, body))
            {
                return Json.Read(answer.ReadToEnd()) as Dictionary<string, object>;
            }
        }

        /// <summary>From now on no request for deployments is answered.</summary>
        internal void Stall()
        {
            Send("POST", "faults", "{\"name\":\"open\",\"effect\":{\"kind\":\"stall\"},\"when\":{\"path\":\"/deployments\"}}");
        }

        /// <summary>How many requests came in since the last test began.</summary>
        internal int Requests()
        {
            return All().Count;
        }

        /// <summary>How many of them still wait for their answer.</summary>
        internal int Open()
        {
            return All().FindAll(request => ((Dictionary<string, object>)request)["ended"] == null).Count;
        }

        /// <summary>
        /// How many have been answered. Counted without keeping what is read, for those who measure their own memory.
        /// </summary>
        internal int Answered()
        {
            const string answered = "\"ended\":[0-9]";
            int overlap = "\"ended\":".Length;
            using (StreamReader answer = Ask("GET", "requests", null))
            {
                int count = 0;
                char[] chunk = new char[4096];
                string text = string.Empty;
                int length;
                while ((length = answer.Read(chunk, 0, chunk.Length)) > 0)
                {
                    text = text.Substring(Math.Max(text.Length - overlap, 0)) + new string(chunk, 0, length);
                    count += Regex.Matches(text, answered).Count;
                }
                return count;
            }
        }

        private StreamReader Ask(string method, string path, string body)
        {
            HttpWebRequest request = (HttpWebRequest)WebRequest.Create(new Uri(control, path));
            request.Method = method;
            request.Proxy = null;
            if (body != null)
            {
                byte[] bytes = Encoding.UTF8.GetBytes(body);
                request.ContentType = "application/json";
                using (Stream stream = request.GetRequestStream())
                {
                    stream.Write(bytes, 0, bytes.Length);
                }
            }
            return new StreamReader(request.GetResponse().GetResponseStream(), Encoding.UTF8);
        }

        private List<object> All()
        {
            return (List<object>)Send("GET", "requests", null)["requests"];
        }
    }
}
