// The control interface of the emulator.

using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Text;

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
            using (WebResponse answer = request.GetResponse())
            using (StreamReader reader = new StreamReader(answer.GetResponseStream(), Encoding.UTF8))
            {
                return Json.Read(reader.ReadToEnd()) as Dictionary<string, object>;
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

        private List<object> All()
        {
            return (List<object>)Send("GET", "requests", null)["requests"];
        }
    }
}
